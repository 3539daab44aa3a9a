const UPLOAD = `mutation ($files: [Upload!]!, $patientId: ID) {
  radiographUpload(input: { files: $files, patientId: $patientId }) { jobs { id } userErrors { message field } } }`;
const FOLLOW = `subscription ($id: ID!) { jobStatus(id: $id) { state progress error { message } radiograph {
  image { url width height }
  classification { finding { display } findings { display probability } decision indeterminateReason threshold cached pool model { name version } }
  heatmap { image { url width height } }
  patient { id icuRisk { probability willBeAdmitted threshold } } } } }`;
const DECISIONS = {
  POSITIVE: ({ display }) => `Positive: ${display}`,
  NEGATIVE: ({ display }) => `Negative: ${display}`,
  INDETERMINATE: () => 'Undecided',
};
const REASONS = {
  OUT_OF_DISTRIBUTION:
    'Unlike the frontal chest radiographs that the model learned from: its numbers mean nothing here',
  BELOW_THRESHOLD: 'No finding reaches its threshold',
};

const element = (id) => document.getElementById(id);
const percent = (share) => `${(share * 100).toFixed(1)}\u00a0%`;

element('upload').addEventListener('submit', (event) => {
  event.preventDefault();
  void send([...element('files').files]);
});
element('sample').addEventListener('click', async () => {
  const sample = await fetch('/phantom.png');
  await send([new File([await sample.blob()], 'Synthetic sample.png', { type: 'image/png' })]);
});

async function send(files) {
  element('notice').textContent = '';
  try {
    const { jobs, userErrors } = await upload(files, element('patient').value.trim() || null);
    const refused = new Set(userErrors.map(({ field }) => Number(field?.at(-1))));
    element('notice').textContent = userErrors
      .map(({ message, field }) => `${files[Number(field?.at(-1))]?.name ?? 'Upload'}: ${message}`)
      .join(' · ');
    const taken = files.filter((_, index) => !refused.has(index));
    for (const [index, { id }] of jobs.entries()) void show(id, taken[index]?.name ?? 'Radiograph');
  } catch (error) {
    element('notice').textContent =
      error instanceof TypeError ? 'The server cannot be reached.' : error.message;
  }
}

/** Sends files by the GraphQL multipart request specification. */
async function upload(files, patientId) {
  const form = new FormData();
  form.set(
    'operations',
    JSON.stringify({ query: UPLOAD, variables: { files: files.map(() => null), patientId } }),
  );
  form.set('map', JSON.stringify(Object.fromEntries(files.map((_, i) => [i, [`variables.files.${i}`]]))));
  for (const [i, file] of files.entries()) form.set(String(i), file);
  const answer = await fetch('/graphql', {
    method: 'POST',
    headers: { 'apollo-require-preflight': '1' },
    body: form,
  });
  const { data, errors } = await answer.json();
  if (!data?.radiographUpload) throw new Error(errors?.[0]?.message ?? 'The upload failed.');
  return data.radiographUpload;
}

async function show(id, name) {
  const item = element('result').content.firstElementChild.cloneNode(true);
  item.querySelector('h2').textContent = name;
  element('results').prepend(item);
  const state = item.querySelector('.state');
  state.textContent = 'Waiting';
  try {
    // A connection may break while a job goes on: each new subscription begins with the state as it is.
    for (let attempt = 0, ended = false; !ended; attempt += 1) {
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(5_000, 500 * attempt)));
      try {
        for await (const job of follow(id)) ended = showJob(item, job);
      } catch (error) {
        if (!(error instanceof TypeError) || attempt > 20) throw error;
        state.textContent = 'Connecting again';
      }
    }
  } catch (error) {
    state.textContent = error.message;
    item.querySelector('progress').hidden = true;
  }
}

/** The job's states over server-sent events (graphql-sse, distinct connections mode). */
async function* follow(id) {
  const answer = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: FOLLOW, variables: { id } }),
  });
  let rest = '';
  for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
    const messages = (rest + text).split('\n\n');
    rest = messages.pop();
    for (const message of messages) {
      const line = message.split('\n').find((one) => one.startsWith('data: '));
      if (!line || message.includes('event: complete')) continue;
      const { data, errors } = JSON.parse(line.slice(6));
      if (!data?.jobStatus) throw new Error(errors?.[0]?.message ?? 'The job cannot be followed.');
      yield data.jobStatus;
    }
  }
}

/** @returns whether the job has ended */
function showJob(item, { state, progress, error, radiograph }) {
  const bar = item.querySelector('progress');
  bar.value = progress;
  const running = state === 'QUEUED' || state === 'RUNNING';
  bar.hidden = !running;
  item.querySelector('.state').textContent =
    { QUEUED: 'Waiting', RUNNING: 'Reading' }[state] ?? error?.message ?? '';
  if (state === 'SUCCEEDED' && radiograph?.classification) showAnswer(item, radiograph);
  return !running;
}

function showAnswer(item, { image, classification, heatmap, patient }) {
  const { finding, findings, decision, indeterminateReason, threshold, cached, pool, model } = classification;
  const put = (selector, text) => {
    item.querySelector(selector).textContent = text;
  };
  place(item.querySelector('.image'), image);
  if (heatmap) place(item.querySelector('.heatmap'), heatmap.image);
  item.querySelector('.heatmap').closest('figure').hidden = !heatmap;
  put('.decision', DECISIONS[decision](finding));
  put('.reason', REASONS[indeterminateReason] ?? '');
  item.querySelector('.findings').replaceChildren(...findings.flatMap(bars));
  put('.risk', riskInWords(patient));
  put(
    '.ground',
    `Threshold ${percent(threshold)} · model ${model.name} version ${model.version} · pool ${pool}${cached ? ' · from the cache' : ''}`,
  );
  item.querySelector('.answer').hidden = false;
}

function riskInWords(patient) {
  if (!patient) return '';
  const risk = patient.icuRisk;
  if (!risk) return `No ICU risk is known for patient ${patient.id}.`;
  const side = risk.willBeAdmitted ? 'at or above' : 'below';
  return `ICU admission risk of patient ${patient.id}: ${percent(risk.probability)}, ${side} the threshold of ${percent(risk.threshold)}.`;
}

function place(picture, { url, width, height }) {
  Object.assign(picture, { src: url, width, height });
}

function bars({ display, probability }) {
  const term = document.createElement('dt');
  term.textContent = display;
  const bar = document.createElement('dd');
  const meter = Object.assign(document.createElement('meter'), { value: probability });
  meter.setAttribute('aria-label', display);
  bar.append(meter);
  const number = document.createElement('dd');
  number.textContent = percent(probability);
  return [term, bar, number];
}

import { useEffect, useRef } from 'preact/hooks';
import { FileDrop } from './file-drop.tsx';
import { focusHeading } from './focus-heading.ts';
import { Header } from './header.tsx';
import { History } from './history.tsx';
import { Intake } from './intake.tsx';
import { Reading } from './reading.tsx';
import { type Route, routeOf } from './route.ts';
import { useSession } from './session.ts';
import { SignIn } from './sign-in.tsx';
import { useStore } from './store.ts';
import { Welcome } from './welcome.tsx';
import { worklistWords } from './worklist.ts';
import { WorklistView } from './worklist-view.tsx';

const TITLES = { reading: 'Read', history: 'History' } as const;

export function App() {
  const { route, list, said, show, stream } = useSession();
  const shown = useStore(route);
  const files = useStore(list);
  const lost = useStore(stream.lost);
  const followed = useRef(false);
  useEffect(() => {
    const follow = () => {
      followed.current = true;
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  // Whoever followed a link goes on reading at what it leads to.
  useEffect(() => {
    document.title = `${TITLES[shown.view]} · Radiograph`;
    if (followed.current) focusHeading();
    followed.current = false;
  }, [shown]);

  const first = files.find(({ stage }) => stage.at === 'read')?.stage;
  const opened = first?.at === 'read' ? first.radiographId : undefined;
  // The first one that is read is shown, unless something else is looked at.
  useEffect(() => {
    const now = routeOf(location.hash);
    if (opened === undefined || now.view !== 'reading' || now.id !== null) return;
    // Else the focus goes with the heading that has it.
    if (document.querySelector('.pane :focus')) followed.current = true;
    show({ view: 'reading', id: opened });
  }, [opened, show]);

  const words = worklistWords(files);
  const count = useRef(0);
  useEffect(() => {
    // Whoever takes something off the list says so; the list would talk over it.
    if (files.length >= count.current) said.set(words);
    count.current = files.length;
  }, [said, words, files.length]);

  return (
    <FileDrop>
      <Header view={shown.view} />
      <SignIn />
      {lost && (
        <p class="strip" role="alert">
          The connection is lost. It is made again as soon as the server answers; nothing is lost.
        </p>
      )}
      <main class={`view-${shown.view}`}>
        <View route={shown} />
      </main>
      <Announcer />
    </FileDrop>
  );
}

function View({ route }: { route: Route }) {
  if (route.view === 'history') {
    const { patientId, ends } = route;
    return <History key={patientId} patientId={patientId} ends={ends} />;
  }
  return (
    <>
      <h1 class="unseen">Read radiographs</h1>
      <div class="rail">
        <Intake />
        <WorklistView selected={route.id} />
      </div>
      <div class="pane">{route.id === null ? <Welcome /> : <Reading key={route.id} id={route.id} />}</div>
    </>
  );
}

function Announcer() {
  const { said } = useSession();
  return (
    <p class="unseen" role="status">
      {useStore(said)}
    </p>
  );
}

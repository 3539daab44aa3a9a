import type { Curve, Dashboard, Panel } from './dashboard.ts';

const rate = (metric: string, by: string) => `sum by (${by}) (rate(${metric}[$__rate_interval]))`;

const rates = (title: string, metric: string, by: string, unit: Panel['unit'] = 'ops'): Panel => ({
  ...{ title, unit },
  curves: [[rate(metric, by), legendOf(by)]],
});

/** The middle and the slow end of a histogram. */
const times = (title: string, histogram: string, by: string, unit: Panel['unit'] = 's'): Panel => ({
  ...{ title, unit },
  curves: [0.5, 0.99].map(
    (share): Curve => [
      `histogram_quantile(${share}, sum by (le, ${by}) (rate(${histogram}_bucket[$__rate_interval])))`,
      `p${share * 100} ${legendOf(by)}`,
    ],
  ),
});

const values = (title: string, unit: Panel['unit'], ...curves: Curve[]): Panel => ({ title, unit, curves });

function legendOf(by: string): string {
  return by
    .split(', ')
    .map((label) => `{{${label}}}`)
    .join(' ');
}

/** Each room of the wall: what is asked and how it goes, the way to the model, what waits and where it is kept, the
 *  ICU, the model itself, and the processes. */
export const DASHBOARDS: readonly Dashboard[] = [
  {
    uid: 'overview',
    title: 'overview',
    panels: [
      rates('Operations', 'graphql_operations_total{service="gateway"}', 'kind', 'reqps'),
      rates(
        'Operations with errors',
        'graphql_operations_total{service="gateway", code!="OK"}',
        'code',
        'reqps',
      ),
      times('Time of an operation', 'graphql_operation_seconds', 'kind'),
      values('Operations that fail through our fault', 'percentunit', [
        'graphql:system_errors:ratio_rate5m',
        'of 5 minutes',
      ]),
      rates('Requests to subgraphs', 'subgraph_fetch_seconds_count', 'subgraph, outcome', 'reqps'),
      times('Time of a subgraph', 'subgraph_fetch_seconds', 'subgraph'),
      values('Breakers of subgraphs (2: left alone)', 'short', [
        'max by (subgraph) (subgraph_breaker_state)',
        '{{subgraph}}',
      ]),
      rates('Retries of subgraphs', 'subgraph_retries_total', 'subgraph, outcome'),
      rates('HTTP requests', 'http_request_seconds_count', 'service, code', 'reqps'),
      values('Services that answer', 'short', ['sum by (job) (up)', '{{job}}']),
      rates('Uploaded files', 'uploaded_files_total', 'outcome'),
      times('Size of an uploaded file', 'uploaded_file_bytes', 'service', 'bytes'),
      values(
        'Uploads, subscriptions and connections',
        'short',
        ['sum(uploads_in_flight)', 'uploads'],
        ['sum(active_subscriptions{service="gateway"})', 'subscriptions'],
        ['sum by (service) (http_connections)', 'connections {{service}}'],
      ),
      rates('Events of subscriptions', 'subscription_events_total', 'outcome'),
    ],
  },
  {
    uid: 'serving',
    title: 'serving path',
    panels: [
      rates('Images by who answered', 'inference_images_total', 'pool, version'),
      rates('Faults of pools', 'inference_faults_total', 'pool, fault'),
      times('Call to a model server', 'inference_rpc_seconds', 'pool'),
      times('Images in a batch', 'inference_batch_size', 'pool', 'short'),
      times('Wait of an image for its batch', 'inference_queue_wait_seconds', 'pool'),
      values(
        'Images waiting and batches under way',
        'short',
        ['sum by (pool) (inference_queue_depth)', 'waiting {{pool}}'],
        ['sum by (pool) (inference_in_flight)', 'under way {{pool}}'],
      ),
      values('Breakers of pools (2: left alone)', 'short', [
        'max by (pool) (inference_breaker_state)',
        '{{pool}}',
      ]),
      rates('Images not sent', 'inference_rejected_total', 'pool, reason'),
      rates('Look-ups in the cache', 'inference_cache_lookups_total', 'outcome'),
      values(
        'Cache: hits, and its breaker',
        'percentunit',
        [
          'sum(rate(inference_cache_lookups_total{outcome="hit"}[$__rate_interval])) / sum(rate(inference_cache_lookups_total[$__rate_interval]))',
          'hits',
        ],
        ['max(inference_cache_breaker_state)', 'breaker (2: left alone)'],
      ),
      rates('Embedded model server: requests', 'serving_requests_total', 'method, code', 'reqps'),
      times('Embedded model server: a run of the network', 'serving_compute_seconds', 'version'),
      times('Embedded model server: wait for a thread', 'serving_queue_seconds', 'version'),
      values(
        'Embedded model server: images and threads',
        'short',
        ['sum by (version) (serving_queued_images)', 'waiting {{version}}'],
        ['sum by (version) (serving_running_images)', 'running {{version}}'],
        ['sum by (version) (serving_threads)', 'threads {{version}}'],
      ),
      values(
        'Versions of the model',
        'short',
        ['sum by (model, state) (serving_model_versions)', '{{model}} {{state}}'],
        ['max(inference_model_available)', 'AVAILABLE as imaging sees it'],
      ),
      rates('Embedded model server: calls not answered', 'serving_rejected_total', 'version, reason'),
    ],
  },
  {
    uid: 'jobs',
    title: 'jobs and storage',
    panels: [
      values('Jobs that have not ended', 'short', ['max by (state) (jobs_by_state)', '{{state}}']),
      values('Oldest job that waits', 's', ['max(jobs_oldest_queued_seconds)', 'age']),
      rates('Attempts', 'job_attempts_total', 'outcome'),
      times('From acceptance to the first attempt', 'job_wait_seconds', 'priority'),
      times('From acceptance to the result', 'job_turnaround_seconds', 'priority'),
      times('An attempt', 'job_attempt_seconds', 'service'),
      values(
        'Workers and intake',
        'short',
        ['sum by (instance) (jobs_in_flight)', 'jobs {{instance}}'],
        ['sum by (instance) (intake_decoding_running)', 'decoding {{instance}}'],
        ['sum by (instance) (intake_decoding_queued)', 'waiting to be decoded {{instance}}'],
      ),
      values(
        'Queue and ledger (1: well)',
        'short',
        ['min(queue_up)', 'queue'],
        ['min(ledger_up)', 'ledger'],
        ['min(rate_limit_redis_up)', 'rate limit'],
      ),
      times('Ledger', 'ledger_operation_seconds', 'operation'),
      rates('Faults of the ledger', 'ledger_operation_seconds_count{outcome!="ok"}', 'operation, outcome'),
      values('Connections to PostgreSQL', 'short', ['sum by (state) (ledger_connections)', '{{state}}']),
      times('Images store', 'blob_operation_seconds', 'operation'),
      rates(
        'Faults of the images store',
        'blob_operation_seconds_count{outcome!="ok"}',
        'operation, outcome',
      ),
      values('Room on the disk of the data folder', 'percentunit', [
        'min by (service) (data_disk_free_bytes / data_disk_size_bytes)',
        '{{service}}',
      ]),
      rates('Blobs removed', 'blobs_removed_total', 'reason'),
      values(
        'Audit trail',
        'short',
        ['max(audit_verified_rows)', 'rows found whole'],
        ['max(audit_chain_broken)', 'broken (1: yes)'],
      ),
      rates('Requests to the PACS', 'pacs_request_seconds_count', 'request, outcome'),
      times('Time of a request to the PACS', 'pacs_request_seconds', 'request'),
      times('Drawing of a heatmap', 'heatmap_draw_seconds', 'colormap'),
      values(
        'Heatmaps',
        'short',
        ['sum(heatmap_drawings_running)', 'being drawn'],
        ['sum(heatmap_drawings_queued)', 'waiting'],
      ),
    ],
  },
  {
    uid: 'icu',
    title: 'ICU risk',
    panels: [
      rates('Assessments', 'icu_assessments_total', 'outcome'),
      times('Operations of the model', 'icu_model_operation_seconds', 'operation'),
      rates('Faults of the model', 'icu_model_operation_seconds_count{outcome!="ok"}', 'operation, outcome'),
      times('Risks', 'icu_risk_probability', 'version', 'percentunit'),
      rates('Statements to IRIS', 'iris_statement_seconds_count', 'statement, outcome'),
      times('Time of a statement to IRIS', 'iris_statement_seconds', 'statement'),
      values(
        'IRIS',
        'short',
        ['sum(iris_statements_pending)', 'statements under way or waiting'],
        ['max(iris_breaker_state)', 'breaker (2: left alone)'],
      ),
      rates('CDS cards', 'cds_cards_total', 'indicator'),
    ],
  },
  {
    uid: 'drift',
    title: 'model drift',
    panels: [
      {
        ...values('Images: distance from the validation (PSI)', 'short', [
          'max by (feature, version) (model_input:psi)',
          '{{feature}} v{{version}}',
        ]),
        about: 'Of the last day. Below 0.1 alike, from 0.25 on different. No curve below 200 images.',
      },
      {
        ...values('Scores: distance from the validation (PSI)', 'short', [
          'max by (finding, version) (model_score:psi)',
          '{{finding}} v{{version}}',
        ]),
        about: 'A hospital whose patients are unlike those of the validation shows here too.',
      },
      values(
        'Mean grey: share of the images in each bin',
        'percentunit',
        ['model_input:share1d{feature="mean_grey"}', 'to {{upto}}'],
        ['max by (upto) (model_input_reference_ratio{feature="mean_grey"})', 'expected to {{upto}}'],
      ),
      values(
        'Outlier score: share of the images in each bin',
        'percentunit',
        ['model_input:share1d{feature="outlier_score"}', 'to {{upto}}'],
        ['max by (upto) (model_input_reference_ratio{feature="outlier_score"})', 'expected to {{upto}}'],
      ),
      values(
        'Scores: share of the images in each bin',
        'percentunit',
        ['model_score:share1d', '{{finding}} to {{upto}}'],
        ['max by (finding, upto) (model_score_reference_ratio)', 'expected {{finding}} to {{upto}}'],
      ),
      rates('Decisions', 'model_decisions_total', 'version, decision, reason'),
      values('INDETERMINATE on the last day', 'percentunit', [
        'model:indeterminate:ratio_1d',
        'v{{version}}',
      ]),
      rates('Images counted', 'model_input_images_total{feature="mean_grey"}', 'version'),
      rates('Radiographs accepted', 'radiographs_accepted_total', 'format'),
      times('Width by height', 'radiograph_aspect_ratio', 'service', 'short'),
      times('Millions of pixels', 'radiograph_megapixels', 'service', 'short'),
      rates('Canary', 'inference_canary_total', 'outcome'),
      rates('Shadow', 'inference_shadow_total', 'outcome'),
    ],
  },
  {
    uid: 'runtime',
    title: 'Node runtime',
    panels: [
      values('CPU', 'short', [
        rate('process_cpu_seconds_total', 'service, instance'),
        '{{service}} {{instance}}',
      ]),
      values('Event loop at work', 'percentunit', [
        'max by (service, instance) (nodejs_eventloop_utilization_ratio)',
        '{{service}} {{instance}}',
      ]),
      values('Event loop held up (p99)', 's', [
        'max by (service, instance) (nodejs_eventloop_lag_p99_seconds)',
        '{{service}} {{instance}}',
      ]),
      values('Memory of the process, of its limit', 'percentunit', [
        'process_resident_memory_bytes / process_memory_limit_bytes',
        '{{service}} {{instance}}',
      ]),
      values('Memory of the process', 'bytes', ['process_resident_memory_bytes', '{{service}} {{instance}}']),
      values(
        'Heap',
        'bytes',
        ['nodejs_heap_size_used_bytes', '{{service}} {{instance}}'],
        ['nodejs_heap_limit_bytes', 'limit {{service}} {{instance}}'],
      ),
      values('External memory', 'bytes', ['nodejs_external_memory_bytes', '{{service}} {{instance}}']),
      rates('Time in garbage collection', 'nodejs_gc_duration_seconds_sum', 'service, kind', 'percentunit'),
      values('Files and sockets, of their limit', 'percentunit', [
        'process_open_fds / process_max_fds',
        '{{service}} {{instance}}',
      ]),
      values('HTTP requests under way', 'short', [
        'sum by (service, instance) (http_requests_in_flight)',
        '{{service}} {{instance}}',
      ]),
      values(
        'Threads of the image library',
        'short',
        ['image_work_running', 'running {{service}} {{instance}}'],
        ['image_work_queued', 'waiting {{service}} {{instance}}'],
      ),
      values('Starts within a quarter of an hour', 'short', [
        'changes(process_start_time_seconds[15m])',
        '{{service}} {{instance}}',
      ]),
    ],
  },
];

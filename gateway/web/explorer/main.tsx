import 'graphiql/setup-workers/vite';
import { DOC_EXPLORER_PLUGIN, DocExplorerStore } from '@graphiql/plugin-doc-explorer';
import { HISTORY_PLUGIN, HistoryStore } from '@graphiql/plugin-history';
import { GraphiQLProvider } from '@graphiql/react';
import { GraphiQLInterface } from 'graphiql';
import 'graphiql/style.css';
import { createRoot } from 'react-dom/client';
import './explorer.css';
import { FilePanel } from './file-panel.tsx';
import { linkedOperation } from './linked-operation.ts';
import { FOLLOW, READ, UPLOAD } from './operations.ts';
import { fetcher } from './requests.ts';
import { SchemaNotice } from './schema-notice.tsx';

const linked = linkedOperation(location.hash);
// Read once: a reload goes on with what was made of it, and no history keeps its variables.
if (linked) history.replaceState(null, '', location.pathname);

const TABS = [
  ...(linked ? [linked] : []),
  { query: UPLOAD, variables: '{ "files": [], "patientId": "7" }' },
  { query: FOLLOW, variables: '{ "id": "" }' },
  { query: READ, variables: '{ "first": 3 }' },
];
// GraphiQL leaves the variables of the first default tab out of its editor; of a reload it takes its own store.
const FIRST_VARIABLES = sessionStorage.getItem('graphiql:tabState') === null ? TABS[0]?.variables : undefined;
const PLUGINS = [DOC_EXPLORER_PLUGIN, HISTORY_PLUGIN];

function Explorer() {
  return (
    <GraphiQLProvider
      fetcher={fetcher}
      plugins={PLUGINS}
      referencePlugin={DOC_EXPLORER_PLUGIN}
      defaultTabs={TABS}
      // With a store of its own GraphiQL opens what is linked in a tab beside those in it.
      {...(linked && { initialQuery: linked.query })}
      initialVariables={linked?.variables ?? FIRST_VARIABLES}
      // Variables name patients: nothing of them outlives the browser's tab.
      storage={sessionStorage}
    >
      <HistoryStore>
        <DocExplorerStore>
          <header>
            <h1>Radiograph explorer</h1>
            <p role="note">
              <strong>Not for clinical use.</strong>
            </p>
            <nav>
              <a href="/">The page</a>
              <a href="/graphql">Apollo Sandbox</a>
            </nav>
          </header>
          <SchemaNotice />
          <FilePanel />
          <GraphiQLInterface showPersistHeadersSettings={false} defaultEditorToolsVisibility="variables" />
        </DocExplorerStore>
      </HistoryStore>
    </GraphiQLProvider>
  );
}

const root = document.getElementById('explorer');
if (!root) throw new Error('The document has no #explorer');
createRoot(root).render(<Explorer />);

import { render } from 'preact';
import { App } from './app.tsx';
import { appearance, applyAppearance } from './appearance.ts';
import { openSession, SessionContext } from './session.ts';
import './base.css';
import './controls.css';
import './top.css';
import './intake.css';
import './reading.css';
import './pictures.css';
import './facts.css';
import './history.css';
import './forced-colors.css';

applyAppearance();
appearance.listen(applyAppearance);

const root = document.getElementById('page');
if (!root) throw new Error('The document has no #page');
render(
  <SessionContext.Provider value={openSession()}>
    <App />
  </SessionContext.Provider>,
  root,
);

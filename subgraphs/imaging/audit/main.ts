import { imagingConfig } from '../config.ts';
import { verifyTrail } from '../domain/audit.ts';
import { openLedger } from '../stores/open-ledger.ts';

await using ledger = await openLedger(imagingConfig(process.env));
const verdict = await verifyTrail(ledger);
if (verdict.whole) {
  console.log(
    `The audit trail is whole: ${verdict.head.sequence} rows, the last hash is ${verdict.head.hash}`,
  );
} else {
  console.error(`The audit trail is broken: row ${verdict.firstBroken} is not as it was written`);
  process.exitCode = 1;
}

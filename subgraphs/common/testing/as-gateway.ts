import { ANONYMOUS, type Caller } from '../caller.ts';
import { openGatewayKey } from '../gateway-key.ts';
import { internalTokens } from '../internal-token.ts';

/** The header by which tests speak to a subgraph in place of the gateway. */
export async function asGateway(dataDir: string, subgraph: string, caller: Caller = ANONYMOUS) {
  const token = await internalTokens(await openGatewayKey(dataDir))(caller, subgraph);
  return { authorization: `Bearer ${token}` };
}

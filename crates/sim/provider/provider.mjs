// A provider of OpenID Connect that nobody of Kedge wrote, for the tests of signing in.
//
//   node provider.mjs HOME PEOPLE BACK
//
// HOME is where the packages are installed, PEOPLE a JSON file from a name to the claims of who has
// it, BACK the address that people are sent back to. Whoever says a name has it. The first line of
// the output is the provider's own address; it ends with its input.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const [home, people, back] = process.argv.slice(2);
const entry = pathToFileURL(`${home}/node_modules/oidc-provider/lib/index.js`);
const { default: Provider } = await import(entry);
const known = JSON.parse(readFileSync(people, 'utf8'));

const server = createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{ client_id: 'kedge', client_secret: 'between us', redirect_uris: [back] }],
  claims: { openid: ['sub'], profile: ['preferred_username', 'name'], email: ['email', 'email_verified'], groups: ['groups'] },
  conformIdTokenClaims: false,
  cookies: { keys: ['of the test'] },
  features: { devInteractions: { enabled: false } },
  findAccount: (_context, id) => known[id] && { accountId: id, claims: () => ({ sub: id, ...known[id] }) },
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  pkce: { required: () => true },
  // Nobody is asked whether Kedge may know their name.
  loadExistingGrant: async ({ oidc }) => {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope(oidc.params.scope);
    await grant.save();
    return grant;
  },
});

// The one page: who are you?
async function asked(request, response) {
  if (request.method === 'GET') {
    await provider.interactionDetails(request, response);
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end('<!doctype html><title>Provider</title><h1>Who are you?</h1><form method="post"><input name="name"><button>Sign in</button></form>');
    return;
  }
  let body = '';
  for await (const chunk of request) body += chunk;
  const accountId = new URLSearchParams(body).get('name');
  await provider.interactionFinished(request, response, { login: { accountId } });
}

const protocol = provider.callback();
server.on('request', (request, response) => {
  if (!request.url.startsWith('/interaction/')) return protocol(request, response);
  return asked(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error));
  });
});
console.log(issuer);
process.stdin.resume();
process.stdin.on('end', () => process.exit());

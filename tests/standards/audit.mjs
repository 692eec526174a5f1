// Runs the audits of GraphQL over HTTP against a server, and tells the result of each.
import { auditServer } from 'graphql-http';

const { url } = JSON.parse(process.argv[2]);
for (const { id, name, status, reason } of await auditServer({ url })) {
  console.log(JSON.stringify({ id, name, status, reason }));
}

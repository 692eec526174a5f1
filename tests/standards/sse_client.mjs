// A client of graphql-sse in distinct connections mode: runs one operation and tells what comes. Asked to `resume`, it
// names the position that it reached when it comes back: by the header, or by the variable.
import { createClient } from 'graphql-sse';
import { task, tell } from './talk.mjs';

const { take, ...operation } = task.operation;
let left = take, position;

const client = createClient({
  url: task.url,
  singleConnection: task.singleConnection ?? false,
  retryAttempts: task.retries ?? 0,
  retry: () => new Promise((resolve) => setTimeout(resolve, 100)),
  headers: () => ({
    ...(task.token ? { authorization: `Bearer ${task.token}` } : {}),
    ...(task.resume === 'header' && position ? { 'last-event-id': position } : {}),
  }),
  on: {
    connected: (retried) => tell({ connected: retried }),
    message: ({ event }) => event === 'complete' && tell({ event }),
  },
});

let end;
end = client.subscribe(operation, {
  next: (result) => {
    tell(result);
    position = result.extensions?.position;
    if (task.resume === 'variable' && position) operation.variables.after = position;
    if (left && --left === 0) end();
  },
  error: async ({ message, response }) => {
    const body = await response?.json().catch(() => null); // the client drops that of a single connection
    tell({ refused: { message, status: response?.status, body } });
  },
  complete: () => tell({ completed: true }),
});

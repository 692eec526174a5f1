// A client of graphql-ws: runs the task's operations one after another, and tells what comes.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { task, tell } from './talk.mjs';

const client = createClient({
  url: task.url,
  webSocketImpl: WebSocket,
  connectionParams: task.token ? { authorization: `Bearer ${task.token}` } : undefined,
  keepAlive: task.keepAlive ?? 0,
  retryAttempts: task.retries ?? 0,
  shouldRetry: () => true, // under Node a refused connection is no close event
  retryWait: () => new Promise((resolve) => setTimeout(resolve, 100)),
  on: {
    connected: (socket, payload, retried) => tell({ connected: retried }),
    closed: ({ code, reason }) => tell({ closed: code, reason }),
    ping: (received) => tell({ ping: received ? 'received' : 'sent' }),
    pong: (received) => tell({ pong: received ? 'received' : 'sent' }),
  },
});

const run = ({ take, ...operation }) =>
  new Promise((resolve) => {
    let end;
    const done = () => tell({ completed: true }) || resolve();
    end = client.subscribe(operation, {
      next: (result) => {
        tell(result);
        const { position } = result.extensions ?? {};
        if (position) operation.variables.after = position; // a client that comes back sends this
        if (take && --take === 0) end();
      },
      error: (error) => {
        tell({ refused: Array.isArray(error) ? error : { code: error.code, reason: error.reason, message: error.message } });
        resolve();
      },
      complete: done,
    });
  });

for (const operation of task.operations) await run(operation);
await client.dispose();

// The server that is measured. GRACEFUL=1: on TERM and INT it answers what it has and closes. On its end it
// tells how many connections it has accepted. FD=3: it serves an inherited socket.
const http = require('http');
let connections = 0;
const server = http.createServer((request, response) => response.end('hello\n'));
server.on('connection', () => ++connections);
server.on('close', () => process.exit(0));
process.on('exit', () => console.log('accepted', connections));
if (process.env.COUNT) for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
if (process.env.GRACEFUL) {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      server.close();
      server.closeIdleConnections();
    });
  }
}
server.listen(process.env.FD ? {fd: Number(process.env.FD)} : Number(process.env.PORT), () => {
  console.log('server is up');
  if (process.send) process.send('ready');
});

// An HTTP server that knows nothing of hydrinit but whom to say it is. PORT, or "fd:3"; GRACEFUL: on TERM
// it serves what it has and ends.
const http = require('http');
const server = http.createServer((request, response) => {
  response.end(`replica=${process.env.HYDRINIT_REPLICA} pid=${process.pid} version=${process.env.VERSION}\n`);
});
const where = process.argv[2];
server.listen(where.startsWith('fd:') ? { fd: Number(where.slice(3)) } : Number(where));
if (process.argv[3] === 'graceful') process.on('SIGTERM', () => server.close());

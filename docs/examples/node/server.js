// Knows nothing of replicas. What is in work at a stop is ended first.
const server = require('http').createServer((request, response) => {
  response.end(`replica ${process.env.HYDRINIT_REPLICA}\n`);
});
process.on('SIGTERM', () => server.close());
server.listen(3000, () => console.log('listening'));

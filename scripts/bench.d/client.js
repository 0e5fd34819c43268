// node client.js PORT REQUESTS CLIENTS: one request a connection, from so many clients, until that many have
// been answered or it is told to stop (TERM). Says what became of them, as JSON.
const http = require('http');
const [port, requests, clients] = process.argv.slice(2).map(Number);
const agent = new http.Agent({keepAlive: false});
let left = requests;
let running = clients;
const outcome = {answered: 0, refused: 0, reset: 0, timed_out: 0, other: 0};
function done() {
  if (left > 0) return next();
  if (--running === 0) console.log(JSON.stringify(outcome));
}
function next() {
  --left;
  let told = false;
  const tell = (what) => {
    if (told) return;
    told = true;
    ++outcome[what];
    done();
  };
  const request = http.get({host: '127.0.0.1', port, agent, timeout: 5000}, (response) => {
    response.resume();
    response.on('end', () => tell('answered'));
    response.on('error', () => tell('reset'));
  });
  request.on('timeout', () => {
    tell('timed_out');
    request.destroy();
  });
  request.on('error', (error) => {
    const names = {ECONNREFUSED: 'refused', ECONNRESET: 'reset', EPIPE: 'reset'};
    tell(names[error.code] || 'other');
  });
}
process.on('SIGTERM', () => (left = 0));
for (let i = 0; i < clients; ++i) next();

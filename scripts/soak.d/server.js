// The server of the soak, on PORT, or on the inherited socket FD with a newline to READY_FD. It answers after up to 20 ms. On TERM it answers
// what it has and ends. On USR2 it writes LINES numbered lines, and leaves an orphan behind.
const fs = require('fs');
const http = require('http');
const {spawn} = require('child_process');
let line = 0;
const server = http.createServer((request, response) => {
  response.setHeader('Connection', 'close');
  setTimeout(() => response.end('hello\n'), Math.random() * 20);
});
process.on('SIGTERM', () => server.close());
process.on('SIGUSR2', () => {
  let text = '';
  for (let i = 0; i < Number(process.env.LINES); ++i) text += `line ${process.pid} ${line++} ${'x'.repeat(line % 100)}.\n`;
  process.stdout.write(text);
  spawn('sh', ['-c', 'sleep 0.2 &'], {stdio: 'ignore'}).on('error', () => {});
});
server.listen(process.env.FD ? {fd: Number(process.env.FD)} : Number(process.env.PORT), () => {
  if (process.env.FD) fs.writeSync(Number(process.env.READY_FD), '\n');
});

module.exports = {
  apps: [
    {name: 'npm', script: 'npm', args: 'start'},
    {name: 'npm-cluster', script: 'npm', args: 'run serve', instances: 2},
    {name: 'line', script: 'node server.js --fast', args: 'not read'},
    {name: 'shell', script: 'cd app && ./run', wait_ready: true, treekill: false},
    {name: 'python', script: 'tasks.py', interpreter_args: '-O', instances: 2},
    {name: 'python3.11', script: 'tasks.py', interpreter: 'python3.11'},
    {name: 'binary', script: './server', interpreter: 'none', node_args: '-x', args: ['--port', '80']},
    {name: 'of the folder', script: 'one.yml', interpreter: 'none'},
    {name: 'of PATH', script: 'nginx', interpreter: 'none', args: '-g'},
    {name: 'extensionless', script: './bin/www', instances: 1},
    {name: 'php', script: 'queue.php'},
    {name: 'typescript', script: 'server.ts', instances: 2},
    {name: 'node 20', script: 'server.js', interpreter: 'node@20', wait_ready: true},
  ],
};

module.exports = {
  apps: [{
    exec: 'app.js',
    execMode: 'cluster_mode',
    instances: '3',
    maxMemoryRestart: '65536K',
    killTimeout: 1600,
    output: '/dev/null',
    error: '/dev/null',
    interpreterArgs: '--no-warnings',
    expBackoffRestartDelay: 250,
    pm_exec_path: 'x',
  }],
};

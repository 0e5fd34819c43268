const cpus = 'max';

module.exports = {
  apps: [{
    name: 'web',
    script: 'dist/server.js',
    cwd: '/srv/web',
    instances: cpus,
    exec_mode: 'cluster',
    max_memory_restart: '300M',
    kill_timeout: 5000,
    listen_timeout: 8000,
    wait_ready: true,
    min_uptime: '20s',
    max_restarts: 5,
    restart_delay: 2500,
    source_map_support: true,
    error_file: '/var/log/web.err',
    out_file: '/var/log/web.out',
    merge_logs: true,
    log_date_format: 'YYYY-MM-DD HH:mm Z',
    env: {NODE_ENV: 'production', PORT: 3000},
  }],
};

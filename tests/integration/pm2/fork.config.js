module.exports = {
  apps: [{
    name: 'mailer',
    script: './mailer.js',
    args: '--queue "late mails" --verbose',
    node_args: '--max-old-space-size=256 --trace-warnings',
    watch: false,
    env: {NODE_ENV: 'development'},
    env_production: {NODE_ENV: 'production', SMTP: 'smtp://relay:25'},
  }],
};

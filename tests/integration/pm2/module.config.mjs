console.log('this is not for the Dockerfile');
export default {apps: [{name: 'module', script: 'server.mjs', instances: 'max', min_uptime: '1h'}]};

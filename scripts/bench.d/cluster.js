// The same server by node's own cluster module.
const cluster = require('cluster');
if (cluster.isPrimary) {
  for (let i = 0; i < 2; ++i) cluster.fork();
} else {
  require('./server.js');
}

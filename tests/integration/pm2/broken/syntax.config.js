module.exports = {apps: [}

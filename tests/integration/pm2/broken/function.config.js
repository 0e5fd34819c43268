module.exports = () => ({apps: []});

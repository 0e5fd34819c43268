module.exports = {apps: []};
throw new Error('no configuration today\nand no more');

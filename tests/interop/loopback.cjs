// The emulator has no option for the address that it listens on, and takes all of them: with this
// loaded first a server that names no address gets the loopback.
"use strict";
const { Server } = require("node:net");

const listen = Server.prototype.listen;
Server.prototype.listen = function (port, host, ...rest) {
  return listen.call(this, port, host ?? "127.0.0.1", ...rest);
};

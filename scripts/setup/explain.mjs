const causes = [
  [/ENOSPC|EDQUOT|no space left/i, (folder) => `The disk that holds ${folder} is full. Free some space`],
  [
    /EACCES|EPERM|EROFS|permission denied|read-only file system/i,
    (folder) => `You may not write to ${folder}. Make the folder yours (chown), or clone to one that is`,
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|network/i,
    () => "The package registry could not be reached. Check the network, the proxy (HTTPS_PROXY) and `npm config get registry`",
  ],
  [
    /can only install packages when your package.json and package-lock/i,
    () => "package.json and package-lock.json disagree. Run `npm install`",
  ],
  [/EINTEGRITY/, () => "A downloaded package is not what package-lock.json says. Run `npm cache clean --force`"],
  [/E404|ETARGET|E403|E401/, () => "The package registry does not give out a package that is needed. Check `npm config get registry`"],
  [/ENOENT.*npm|npm.*(ENOENT|not found)/i, () => "npm was not found. Install it (it usually comes with Node)"],
];

/** An error whose `sentence` says what happened and what to do. First cause that matches wins. */
export function explain(what, output, folder) {
  const said = output.split("\n").filter((line) => line.trim() !== "" && !/^npm (warn|notice)/i.test(line));
  const errors = said.filter((line) => /^npm err/i.test(line)); // npm names the cause first and then talks on
  const lines = errors.length > 0 ? errors.slice(0, 6) : said.slice(-6);
  const advice = causes.find(([pattern]) => pattern.test(output))?.[1](folder) ?? "The lines below say why";
  const error = new Error(what);
  error.sentence = `${what}. ${advice}, then run the same command again.\n${lines.map((line) => `  ${line}`).join("\n")}`;
  return error;
}

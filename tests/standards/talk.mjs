// What the clients' programs share: a task, and things told as lines of JSON.
export const task = JSON.parse(process.argv[2]);
export const tell = (thing) => console.log(JSON.stringify(thing));

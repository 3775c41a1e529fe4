// The same job as ChatDesk's, done by a web page with supabase-js and nothing else. Times are milliseconds of
// the system's clock (performance.timeOrigin + performance.now()).
"use strict";

const at = () => performance.timeOrigin + performance.now();
let client = null;
let painted = new Map();
let waiting = new Map();

const afterPaint = () => new Promise((done) => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => done(at());
  port2.postMessage(0);
}));

function prepare() {
  document.body.innerHTML = "";
  document.head.innerHTML = `<style>
    body { margin: 0; display: flex; height: 100vh; font: 14px sans-serif }
    #list { width: 260px; overflow-y: auto; background: #f4f5f8 }
    #list div { padding: 9px 12px; content-visibility: auto; contain-intrinsic-size: auto 36px }
    #talk { flex: 1; overflow-y: auto }
    #talk div { margin: 12px; padding: 12px; border-radius: 10px; background: #eef1f6; max-width: 620px;
      content-visibility: auto; contain-intrinsic-size: auto 80px }
  </style>`;
  for (const id of ["list", "talk"]) {
    const part = document.createElement("div");
    part.id = id;
    document.body.append(part);
  }
}

function bubble(text) {
  const made = document.createElement("div");
  made.textContent = text;
  return made;
}

async function signIn(url, key, session) {
  prepare();
  client = supabase.createClient(url, key, { auth: { persistSession: false, autoRefreshToken: false }, realtime: { vsn: "1.0.0" } });
  await client.auth.setSession({ access_token: session.access_token, refresh_token: session.refresh_token });
  await client.realtime.setAuth(session.access_token);
}

function joined(topic, events) {
  const channel = client.channel(topic, { config: { private: true } });
  for (const [event, heard] of Object.entries(events)) channel.on("broadcast", { event }, heard);
  return new Promise((done, failed) => channel.subscribe((state, error) => {
    if (state === "SUBSCRIBED") done(true);
    else if (state !== "CLOSED") failed(new Error(`${topic}: ${state} ${error}`));
  }));
}

async function follow(user, conversation, epoch) {
  await joined(`user:${user}`, { entity: () => {}, hint: () => {} });
  await joined(`conversation:${conversation}:${epoch}`, {
    message: async ({ payload }) => {
      const frame = at();
      const talk = document.getElementById("talk");
      talk.append(bubble(payload.record.content));
      talk.scrollTop = talk.scrollHeight;
      const done = { frame, painted: await afterPaint() };
      const id = payload.message_id;
      if (waiting.has(id)) waiting.get(id)(done);
      else painted.set(id, done);
    },
  });
}

async function sendMessage(id, conversation, content) {
  const begun = at();
  const { error } = await client.rpc("send_message", {
    p_id: id, p_conversation_id: conversation, p_parent_id: null, p_role: "user", p_content: content,
  });
  if (error) throw new Error(JSON.stringify(error));
  return { begun, answer: at() };
}

function whenPainted(id) {
  if (painted.has(id)) return painted.get(id);
  return new Promise((done) => waiting.set(id, done));
}

async function catchUp(conversation, after) {
  const begun = performance.now();
  let rows = 0;
  for (;;) {
    const { data, error } = await client.rpc("pull_messages", {
      p_conversation_id: conversation, p_after: after, p_limit: 200,
    });
    if (error) throw new Error(JSON.stringify(error));
    rows += data.messages.length;
    after = data.cursor;
    if (!data.more) break;
  }
  return { rows, ms: performance.now() - begun };
}

// What needs no back end ----------------------------------------------------------------------------------

async function openList(count) {
  await afterPaint();
  const begun = performance.now();
  const list = document.getElementById("list");
  list.replaceChildren(...Array.from({ length: count }, (_, number) => bubble(`Conversation ${number}`)));
  await afterPaint();
  return performance.now() - begun;
}

async function bump() {
  await afterPaint();
  const begun = performance.now();
  const list = document.getElementById("list");
  list.prepend(list.children[Math.floor(list.children.length / 2)]);
  await afterPaint();
  return performance.now() - begun;
}

async function openTalk(texts) {
  await afterPaint();
  const begun = performance.now();
  const talk = document.getElementById("talk");
  talk.replaceChildren(...texts.map(bubble));
  talk.scrollTop = talk.scrollHeight;
  await afterPaint();
  return performance.now() - begun;
}

async function append(text) {
  await afterPaint();
  const begun = performance.now();
  const talk = document.getElementById("talk");
  talk.append(bubble(text));
  talk.scrollTop = talk.scrollHeight;
  await afterPaint();
  return performance.now() - begun;
}

// One token a frame would be the display's pace, so the page lays out after each, as the frame would.
function stream(tokens) {
  const talk = document.getElementById("talk");
  const row = bubble("");
  row.style.contentVisibility = "visible";  // Left to itself it would be laid out only with the next frame.
  talk.append(row);
  const begun = performance.now();
  for (const token of tokens) {
    row.append(token);
    talk.scrollTop = talk.scrollHeight;
    row.getBoundingClientRect();
  }
  return ((performance.now() - begun) * 1000) / tokens.length;
}

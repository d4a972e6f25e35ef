/* The C ABI of Troupe's plugins, version 1. Needs a C99 compiler and nothing else.

   A plugin is a shared library that exports one data symbol, `troupe_plugin_entry`. The daemon reads it,
   calls `init` once, and asks for what the plugin offers: tools, and other kinds of services. What it offers
   is called with JSON and answers with JSON; no type of any C++ library crosses, and nobody frees what the
   other allocated.

   By default a plugin runs in worker processes of its own, confined and without the daemon's environment and
   descriptors; it is killed when a call outlives its deadline. With `isolation: none` it is loaded into the
   daemon itself. It cannot tell which, and need not.

   ## Rules that hold for everything here

   - Text is UTF-8, given as pointer and size, not necessarily terminated; where a `const char*` stands alone
   it is terminated. Bytes are the same without an encoding. What a function is given is valid until it
   returns, unless it says otherwise. What a struct of the plugin points to is valid as long as the plugin is
   loaded.
   - Each struct begins with its own size, as its maker's header had it (TROUPE_SIZE). Structs grow at their
   ends: a reader asks TROUPE_HAS before it reads a field that a later header added. Fields are never removed,
   reordered or given another meaning; a function pointer may be null only where its comment says so.
   - No exception and no longjmp crosses a function of this file.
   - Threads: `services` is called first and again when needed; `init`, every `handle` and `deinit` are called
   on one thread, the plugin's own, one after the other. `cancel` comes on another thread, also while `handle`
   is at work. Functions of the host may be called from any thread, except that those which wait (named so)
   must not be called from `cancel` or from a callback of the host.
   - A plugin is never unloaded while the process lives: threads and thread-local storage of it stay valid.

   ## Versions

   TROUPE_ABI counts breaking changes and has been 1 since the first release; the daemon loads plugins of its
   own number only. Everything else is found by capability: a string with a revision, such as "troupe.log/1".
   A host or a plugin that does not know one answers null, and both must live with that. */
#ifndef TROUPE_PLUGIN_H
#define TROUPE_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TROUPE_ABI 1u

/* The size of a struct, for its first field. */
#define TROUPE_SIZE(type) ((uint32_t)sizeof(type))
/* Whether the maker of the struct that `pointer` points to knew `field`. */
#define TROUPE_HAS(pointer, type, field) \
  ((pointer)->struct_size >= offsetof(type, field) + sizeof(((const type*)0)->field))

#if defined(_WIN32)
#define TROUPE_EXPORT __declspec(dllexport)
#else
#define TROUPE_EXPORT __attribute__((visibility("default")))
#endif

/* Text or bytes: `size` of them at `data`, which may be null when `size` is 0. */
typedef struct troupe_span {
  const char* data;
  uint64_t size;
} troupe_span;

/* What a call came to, and what functions of the host answer. */
typedef int32_t troupe_status;
enum {
  TROUPE_OK = 0,
  TROUPE_FAILED = 1,       /* the work failed; the text says why, for whoever asked */
  TROUPE_INVALID = 2,      /* the input cannot be used; the text says what to do differently */
  TROUPE_CANCELLED = 3,    /* it was stopped */
  TROUPE_DENIED = 4,       /* not granted, or refused by a rule; the text names it */
  TROUPE_TIMEOUT = 5,      /* a deadline is over */
  TROUPE_BUSY = 6,         /* too much at once; may be tried again */
  TROUPE_TOO_LARGE = 7,    /* a limit of size */
  TROUPE_UNAVAILABLE = 8,  /* what it needs is not there now; may be tried again */
  TROUPE_WRONG_THREAD = 9, /* a function that waits was called where nothing may wait */
  TROUPE_FINISHED = 10     /* the call is over already: nothing was done */
};

/* One call, owned by the host. Valid from `handle` until troupe_calls.finish returned for it, not longer. */
typedef struct troupe_call troupe_call;

/* ==== What the host offers: troupe_host.capability(host, ID) ==== */

typedef struct troupe_host {
  uint32_t struct_size;
  uint32_t abi; /* TROUPE_ABI of the daemon */
  const void* (*capability)(const struct troupe_host* host,
                            const char* id); /* null: it has none of that id */
  const char* version;                       /* of the daemon, for messages; never decide by it */
} troupe_host;

/* "troupe.calls/1", which every host has. */
#define TROUPE_CALLS "troupe.calls/1"
typedef struct troupe_calls {
  uint32_t struct_size;
  uint32_t reserved;
  /* What is asked: JSON, as the service's kind says. Valid until finish. */
  troupe_span (*input)(const troupe_call* call);
  /* Bytes beside the JSON, where the kind has any. Valid until finish. */
  troupe_span (*body)(const troupe_call* call);
  /* The same for every attempt of one call, also over a crash of the daemon: a plugin that acts in the world
     hands it on as an idempotency key. "" where nothing hangs on it. Valid until finish. */
  troupe_span (*key)(const troupe_call* call);
  /* What is left, in milliseconds; 0 when it is over, UINT64_MAX without a deadline. Then the call is
     cancelled, and a worker that does not finish it soon is killed. */
  uint64_t (*time_left)(const troupe_call* call);
  /* 1 once it was cancelled. Long work looks now and then. */
  int32_t (*cancelled)(const troupe_call* call);
  /* Tells people how far it is; `fraction` is 0 to 1, or below 0 when nobody knows. Not kept. */
  troupe_status (*progress)(troupe_call* call, troupe_span text, double fraction);
  /* A piece of the answer before its end, where the kind streams. TROUPE_CANCELLED once the call was. */
  troupe_status (*part)(troupe_call* call, troupe_span text);
  /* Ends the call, exactly once: `answer` is as the kind says when `status` is TROUPE_OK, else words for
     whoever asked, who reads them. `body` is bytes beside it, where the kind has any, else empty. A second
     finish is noticed, logged and does nothing (TROUPE_FINISHED). Answers TROUPE_TOO_LARGE, and ends the call
     as failed, when the answer is larger than the host takes. */
  troupe_status (*finish)(troupe_call* call, troupe_status status, troupe_span answer, troupe_span body);
} troupe_calls;

/* "troupe.log/1": lines for the daemon's log, under the plugin's name. */
#define TROUPE_LOG "troupe.log/1"
enum { TROUPE_LOG_DEBUG = 0, TROUPE_LOG_INFO = 1, TROUPE_LOG_WARN = 2, TROUPE_LOG_ERROR = 3 };
typedef struct troupe_log {
  uint32_t struct_size;
  uint32_t reserved;
  void (*write)(const troupe_host* host, int32_t level, troupe_span text);
} troupe_log;

/* "troupe.http/1": requests by the daemon's own client. It reaches the hosts that the configuration grants to
   the plugin (`grant: { hosts: […] }`) and of these only public addresses, unless the operator allowed
   others. Redirects are answers like any other. Null where no host is granted. Only within a call, whose
   deadline and cancel end the request. */
#define TROUPE_HTTP "troupe.http/1"
typedef struct troupe_http_header {
  troupe_span name;
  troupe_span value;
} troupe_http_header;
typedef struct troupe_http_request {
  uint32_t struct_size;
  uint32_t header_count;
  troupe_span method; /* empty: GET */
  troupe_span url;
  const troupe_http_header* headers;
  troupe_span body;
  uint64_t body_max; /* of the answer, in bytes; 0: the host's limit */
} troupe_http_request;
typedef struct troupe_http_answer {
  uint32_t struct_size;
  int32_t http_status; /* as the server gave it, any number; 0 when there is no answer */
  troupe_status status;
  uint32_t header_count;
  const troupe_http_header* headers; /* names in lower case */
  troupe_span body;                  /* or, when `status` is not TROUPE_OK, what went wrong */
} troupe_http_answer;
/* Called once, on a thread of the host. `answer` is valid until it returns. Must not wait. */
typedef void (*troupe_http_done)(void* user, const troupe_http_answer* answer);
typedef struct troupe_http {
  uint32_t struct_size;
  uint32_t reserved;
  /* Begins a request and returns. TROUPE_OK: `done` will be called, exactly once, also when the call is
     cancelled; anything else: it will not. */
  troupe_status (*start)(troupe_call* call, const troupe_http_request* request, troupe_http_done done,
                         void* user);
  /* The same, waiting: `done` has been called when it returns TROUPE_OK. Waits. */
  troupe_status (*fetch)(troupe_call* call, const troupe_http_request* request, troupe_http_done done,
                         void* user);
} troupe_http;

/* ==== What a plugin offers ==== */

/* What calling a tool twice means; decides what may be repeated after a crash. */
enum {
  TROUPE_AT_MOST_ONCE = 0, /* never twice: the safe one */
  TROUPE_IDEMPOTENT = 1,   /* again with the same key does nothing more */
  TROUPE_PURE = 2          /* reads only */
};

/* Something that can be called. `kind` says what for, and so what its input and answer look like; a daemon
   passes over kinds that it does not know, and says so in its log. The kinds, with their JSON:

   "tool"   input: the arguments, valid against `input_schema`. Answer: what the agent reads, any text.
            With "status" among `features` it is asked, after a crash, what became of the call that bore
            a key: input {"troupe_status": KEY}, answer {"state": "done" | "not_done" | "unknown",
            "text": what the agent reads of a call that was done}.

   "model"  a language model, for entries of `models:` with `provider: plugin/NAME`. `features`: of "tools"
            (it can be given tools), "images" (it reads pictures) and "schema" (it can hold a reply to a JSON
            Schema); what is not among them it is not asked for.
            Input, where what is not known or not wanted is absent:
            {"model": what the entry names as its `model`, unless that is the service's own name,
             "system": text,
             "messages": [{"role": "user" | "assistant" | "tool" | "system", "text": text,
                           "images": [{"url": address, or data: with the bytes in base64}],    of a user
                           "tool_calls": [{"id": text, "name": text, "arguments": {…}, or text where the
                                           model wrote no object}],                      of an assistant
                           "call": id of the call that it answers, "name": the tool,          of a tool
                           "state": what this model gave as such with that message}],    of an assistant
             "tools": [{"name": text, "description": text, "input_schema": {…}}],
             "schema": the JSON Schema that the text must fit,
             "stop": [texts before which the reply ends],
             "temperature": number, "top_p": number, "seed": number, "max_tokens": number,
             "stream": whether anybody reads the reply as it is written,
             "options": {the entry's `options`}}
            troupe_calls.part gives the text as it is written, piece by piece, at most 100,000 of them; it
            answers TROUPE_CANCELLED once nobody reads any more.
            Answer, every member of which may be absent:
            {"text": the whole text; it must begin with the pieces. Absent: the pieces together,
             "reasoning": what is kept apart from the answer,
             "tool_calls": [{"id": text, absent: one is made up, "name": text, "arguments": {…} or text}],
                           at most 128,
             "finish": "stop" | "length" | "tool_calls" | "content_filter" | "other",
             "usage": {"input_tokens": number, "output_tokens": number, "cached_tokens": number and
                       "cache_write_tokens": number, which are part of input_tokens}; absent: estimated,
             "model": name of the model that answered,
             "state": anything that is wanted back with this message, at most 256 KiB}
            What a call fails with decides what becomes of it: TROUPE_BUSY holds up all calls and is tried
            again after a pause, TROUPE_UNAVAILABLE and TROUPE_TIMEOUT are tried again, TROUPE_TOO_LARGE says
            that the conversation is too long and has it shortened ("maximum context length is N tokens" in
            the words tells to what), anything else is final. A worker that dies is TROUPE_UNAVAILABLE.
            Where nothing is left of those another model is asked, if the configuration names one. A call
            that gives no piece and no progress for longer than the entry's `timeout` is cancelled.

   "embedder"  turns texts into vectors, for entries of `embeddings:` with `provider: plugin/NAME`.
            Input: {"model": as above, "for": "document" | "query" (what documents are searched by),
                    "dimensions": number that the entry wants, "options": {…}, "texts": [text …]}
            Answer: {"dimensions": number of a vector, at most 65,536,
                     "usage": {"input_tokens": number}; absent: estimated},
            and as `body` the vectors in the order of the texts: float32, little-endian, each of them finite,
            nothing between them. TROUPE_TOO_LARGE says that a text, or all of them, are too long. Statuses
            as above. Another `version` of the service makes other vectors: what was embedded by an earlier
            one is embedded anew.

   "guardrail"  judges a text, a user's message or an agent's answer, and does nothing else: after a crash the
            same may be asked again. `input_schema` is that of `settings`, which the configuration has beside
            the rule. Input {"side": "input" | "output", "text", "settings": {…}}, with "beside" (JSON text
            that goes along with it and is not in it) and "question" (the beginning of the message that an
            answer is for) where there are such. Answer {"pass": true | false, "reason": one sentence, for
            people and for the model that may write again}. Anything else, or no answer within `timeout_ms`
            (0: 10 seconds): the text is refused.

   "loader" makes text of a file of its own format. `features`: what it reads, each a word: ".vtt" (behind
            the last dot of a name), "text/vtt" (a content type), "magic:0:574542565454" (bytes, as
            hexadecimal digits, at a place within the first 4096). Formats that the daemon reads itself are
            given to it only where the configuration says so. Input {"source": path or URL, "type": content
            type or ""}, body: the file. Answer {"text"} or {"parts": [{"text", and where it begins one:
            "page": number, "heading": text with "level": 1 to 6, "record": true}]}, and beside it, where
            known, "title", "metadata" {name: text, number or boolean} and "remarks" [sentences for who
            relies on the text]. A document is read again when the version of the plugin or of the loader
            is another.

   "index"  finds vectors of a knowledge base that are near another. Its `input_schema` is of `options`, which
            the configuration has for it. Each index has a worker of its own, where first comes
            input {"do": "build", "rows": N, "dimensions": D, "metric": "cosine" | "inner_product" | "l2",
            "options": {…}}, body: N times D floats of the machine, of length 1 (or 0) under cosine, in memory
            that the daemon shares and nobody can change. Answer: any. TROUPE_INVALID: these options do not go
            with these vectors, with what to do. Then, any number of times,
            input {"do": "search", "count": K, "filtered": true | false}, body: the D floats to be near to
            and, when filtered, a bit for each row, row 0 in the lowest bit of the first byte: rows whose bit
            is 0 must not be found. Answer: body: at most K numbers of rows, each once, the nearest first, as
            uint32_t of the machine. The daemon scores them itself, so that being about right is enough.

   "memory" chooses what an agent is shown of the earlier turns of its session, and may keep notes on them.
            `input_schema` is of `options`, which the configuration has for it. It stores nothing: what it
            chose and what it noted is kept by the daemon with the session, and after a crash the same may be
            asked again. Two inputs, each with "max_tokens": what all that is recalled may have, and
   "options":
            {"do": "recall", "message": the text that is to be answered,
             "notes": text, absent: there are none,
             "turns": [{"user": text, "assistant": text, absent: it was not answered}], the oldest first:
                      those that the notes do not have}
            Answer {"turns": [places in `turns`, from 0 on, each once, the most important first],
                    "notes": true | false, whether the notes are shown, absent: they are}. The daemon shows
   the notes, up to half of max_tokens, and then the turns in the order of the conversation, as many of those
   named first as fit; one that is too large alone is shortened.
            {"do": "settle", "notes", "turns"}, after an answer, with nobody waiting. Answer {}: the notes
   stay as they are; or {"notes": text, not empty, at most 64 KiB, "turns": how many of the given turns, from
   the first on, are in the notes now, which may be 0}: those are given no more. At most 1,000 turns are given
   (64 under `steps: true`), 2 MiB of text in one call, which are the newest to recall from, the oldest to
   settle; more than 256 KiB of one turn is shortened. Anything else, or no answer within `timeout_ms` (0: 10
   seconds): the notes are shown with the newest turns that fit, or stay as they are until it is asked again
   after the next answer.

   A call of a model or an embedder that is cancelled has a second to end, not 20 ms: a worker that is killed
   loses what it has loaded. */
typedef struct troupe_service {
  uint32_t struct_size;
  uint32_t effect; /* of a tool: TROUPE_AT_MOST_ONCE … */
  const char* kind;
  const char* name;         /* unique among those of its kind: [A-Za-z0-9_-], at most 64 */
  const char* description;  /* for a model (tools) or for people */
  const char* version;      /* of what it does, part of a call's key; null: "1" */
  const char* input_schema; /* of a tool: JSON Schema of its input, an object; null: no arguments */
  const char* features;     /* words separated by spaces, null: none; which there are the kind says */
  uint64_t timeout_ms;      /* of one call; 0: as the agent says */
  void* user;               /* the plugin's own */
  /* Does what `call` asks and calls finish for it, before it returns or later from any thread. */
  void (*handle)(const struct troupe_service* service, troupe_call* call);
  /* Nobody waits for `call` any longer: finish it soon, with TROUPE_CANCELLED. Comes while it is not
     finished, or is just being finished on another thread. Null: calls are left to look at
     troupe_calls.cancelled. */
  void (*cancel)(const struct troupe_service* service, troupe_call* call);
} troupe_service;

/* The plugin: the type of the exported symbol. */
typedef struct troupe_plugin {
  uint32_t struct_size;
  uint32_t abi;     /* TROUPE_ABI */
  const char* name; /* [a-z0-9_-], at most 64 */
  const char* version;
  const char* description;
  const char* config_schema; /* JSON Schema of `config:` in the configuration; null: it takes none */
  const char* permissions; /* JSON: what it asks for, {"hosts": […], "read": […], "write": […], "threads": N};
                              null: nothing. It gets what the configuration grants */
  uint32_t concurrent; /* calls that it takes at once, its `handle` returning before the end; 0 or 1: one */
  uint32_t reserved;
  /* Called first. `config` is JSON, valid against config_schema, with one member beside it, "secrets": what
     the configuration has for the plugin under `secrets:`, texts by name. `host` is valid as long as the
     process. Anything but TROUPE_OK makes the plugin unusable, with the text that was put into `why`: up to
     `why_size` bytes, terminated. Null: nothing to prepare. */
  troupe_status (*init)(const troupe_host* host, troupe_span config, char* why, size_t why_size);
  /* Called last, when no call is left. A killed worker never gets here. Null: nothing to clear up. */
  void (*deinit)(void);
  /* The services, `*count` of them, the same each time; called before init, too. */
  const troupe_service* const* (*services)(uint32_t* count);
  /* What else it can, by id, as the host's. Null: nothing. */
  const void* (*capability)(const char* id);
} troupe_plugin;

/* extern TROUPE_EXPORT const troupe_plugin troupe_plugin_entry; */
#define TROUPE_ENTRY "troupe_plugin_entry"

#ifdef __cplusplus
}
#endif

#endif

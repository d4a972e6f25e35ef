#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::plugins {

/// What the daemon and what runs a plugin say to each other: a small JSON object, and beside it what would
/// cost time to quote. In a frame: the object on one line, then the text, then the body.
///
/// From the daemon, by `do`: `start` {http, left_ms} + text: config · `call` {id, service, key, left_ms,
/// memory: bytes that are the body, of what the process was started with} + text: input, body · `cancel` {id}
/// · `http` {id, call, status, http_status, headers} + body · `peak` · `stop`. To the daemon, by `is`:
/// `loaded` {plugin} · `ready` · `refused` + text: why · `progress` {id, fraction} + text · `part` {id} +
/// text · `finish` {id, status, over: whether that is about the answer's size} + text: answer, body · `again`
/// {id} (a second finish) · `peak` {kib} · `log` {level} + text · `http` {id, call, method, url, headers,
/// body_max} + body.
struct Message {
  Json head = Json::object();
  std::string text;
  std::string body;
};

std::string encode(const Message& message);
/// Errors: protocol. What it holds has not been checked beyond its form.
Result<Message> decode(std::string_view frame);

/// What a head holds, for readers that must not trust it: `fallback` when it is absent or something else.
std::int64_t number_or(const Json& head, std::string_view key, std::int64_t fallback);

}  // namespace troupe::plugins

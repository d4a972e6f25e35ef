#pragma once

#include "models/providers/reply_reader.h"
#include "models/settings.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe::models::testing {

/// What the tests of all providers need to know of one: how its server writes.
struct Dialect {
  std::string provider;
  std::string fixture;  ///< of its recorded answers
  std::string path;     ///< behind the base_url
  std::function<std::unique_ptr<ReplyReader>(std::size_t bytes_max)> reader;
  std::string content_type;                             ///< of a stream
  std::string opening;                                  ///< of a stream, before any text
  std::function<std::string(const std::string&)> text;  ///< an event with a piece of text, JSON inside
  std::string end;       ///< of a stream: it was "stop", and 3 tokens came in and 2 went out
  std::string whole;     ///< a reply as one body: "Hello there", 3 and 2 tokens
  std::string no_reply;  ///< what is said of {"hello":"world"}
  std::function<std::string(const std::string&)> error;        ///< the body of a refusal
  std::function<std::string(const std::string&)> error_event;  ///< the same inside a stream

  std::string stream() const { return opening + text("Hello ") + text("there") + end; }
};

const std::vector<Dialect>& dialects();
const Dialect& dialect(const std::string& provider);

/// An entry for `provider` that is tried once.
ModelSettings entry_of(const std::string& provider, std::string base_url);

}  // namespace troupe::models::testing

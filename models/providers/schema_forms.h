#pragma once

#include "models/message.h"
#include "runtime/base/json.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::models {

/// A JSON Schema as OpenAI's `strict` takes it: every object closed, with all of its members required, those
/// that may be left out as null. Nothing where that cannot be said: an object with members of any name, a
/// value of any kind, a choice at the root, more than the API takes (10 levels, 5000 members, 120 kB).
std::optional<Json> strict_schema(const Json& schema);

/// `response_format` of a server with OpenAI's API, for request.schema: {"type":"json_schema",
/// "json_schema":{"name","schema","strict"}}. `openai_rules`: the server takes what OpenAI takes, so there is
/// no choice at the root, and `strict` only for what strict_schema gives. "" for a schema that is no JSON
/// object.
std::string json_schema_format(const ModelRequest& request, bool openai_rules);

/// Whether an answer with an error status is about the schema that the request was sent with, and not about
/// anything else in it: by the words for it in what the server said, not in what it quotes of the request.
bool refuses_schema(int status, std::string_view body);

/// What is rendered of schemas, kept by their text: an agent sends the same ones at every step. Loop thread
/// only.
class SchemaRenderings {
 public:
  const std::string& of(const ModelRequest& request,
                        const std::function<std::string(const ModelRequest&)>& render);

 private:
  static constexpr std::size_t kKept = 16;
  std::vector<std::pair<std::string, std::string>> kept_;  // the latest first
};

}  // namespace troupe::models

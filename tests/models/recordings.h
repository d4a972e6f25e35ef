#pragma once

#include "models/message.h"
#include "runtime/base/json.h"

#include <map>
#include <string>
#include <vector>

namespace troupe::models::testing {

/// A recorded answer of a model server; see tests/fixtures/README.md.
struct Recording {
  std::string id;
  std::string provider;
  std::string form;  ///< sse | json
  int status = 0;
  std::string body;
  Json request;   ///< the recorded request's body, or null
  Json expected;  ///< what a separate program read out of it; null unless status is 200
  std::map<std::string, std::string> headers;  ///< those that say when to come back
};

/// All of one fixture, "recordings/anthropic.jsonl.gz", read once.
const std::vector<Recording>& recordings(const std::string& fixture);
/// Those of OpenAI and of servers with its API.
const std::vector<Recording>& recordings();

/// The lines of a fixture as JSON.
std::vector<Json> json_lines(const std::string& fixture);

/// Fails the running test when `reply` is not what the recording holds.
void check_reply(const Recording& recording, const ModelReply& reply);

}  // namespace troupe::models::testing

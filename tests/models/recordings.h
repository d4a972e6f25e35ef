#pragma once

#include "models/message.h"
#include "runtime/base/json.h"

#include <string>
#include <vector>

namespace troupe::models::testing {

/// A recorded answer of an OpenAI-compatible server; see tests/fixtures/README.md.
struct Recording {
  std::string id;
  std::string provider;
  std::string form;  ///< sse | json
  int status = 0;
  std::string body;
  Json request;   ///< the recorded request's body, or null
  Json expected;  ///< what a separate program read out of it; null unless status is 200
};

/// All of tests/fixtures/recordings/openai_chat.jsonl.gz, read once.
const std::vector<Recording>& recordings();

/// The lines of a fixture as JSON.
std::vector<Json> json_lines(const std::string& fixture);

/// Fails the running test when `reply` is not what the recording holds.
void check_reply(const Recording& recording, const ModelReply& reply);

}  // namespace troupe::models::testing

#pragma once

#include "agents/react/fitting.h"
#include "models/message.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/base/secret.h"
#include "runtime/store/journal.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::agents {

/// How a strategy shows an earlier answer to the model: "Final Answer: …", {"final_answer": "…"}.
struct AnswerForm {
  std::string before;
  std::string after;
  bool quoted = false;  ///< the answer stands in it as a JSON string
  std::string apply(const std::string& answer) const;
};

/// The recalled turns at the beginning of a conversation, by reference: they are finished runs, which the
/// journal has.
struct HistoryReference {
  std::size_t turns = 0;  ///< the newest of them …
  std::string last;       ///< … up to this run
  AnswerForm form;
};
/// The reference that stands for `history`, as the model is shown it; nothing where it is not just a fold of
/// `turns` (oldest first).
std::optional<HistoryReference> reference_history(const std::vector<models::Message>& history,
                                                  const std::vector<store::RunRow>& turns);

/// Writes down what a model is sent: each request as what is new in it since the one before, so that a run of
/// n steps costs n tails and not n conversations. The first holds the rendered prompt, a reference to the
/// recalled turns and the user's message. Secrets of the configuration are masked. Pure.
class RequestLog {
 public:
  /// `journaled`: messages that earlier requests of the run have; `system`: the first of them, as it was
  /// then.
  RequestLog(Secrets secrets, std::size_t journaled, std::string system);

  /// Before the first request of a process: what the conversation begins with. `history_messages`: how many
  /// recalled ones follow the first message.
  void begin(std::size_t history_messages, std::optional<HistoryReference> history);

  /// A fact `context.fitted`: what the next request leaves out of those before it, or of the recalled turns.
  /// Of messages that were written down whole it has what became of them.
  Json describe(const Fitting& fitting);
  /// The part of a fact `model.intent` that says what this request holds.
  Json describe(const models::ModelRequest& request, const std::string& model);

 private:
  Json masked(const models::Message& message) const;
  std::string masked(const std::string& text) const;

  const Secrets secrets_;
  std::size_t journaled_;
  std::string system_;
  std::size_t history_messages_ = 0;
  std::size_t history_left_out_ = 0;  // of them, before the first request
  std::optional<HistoryReference> history_;
  std::shared_ptr<const std::vector<models::ToolDeclaration>> tools_;  // as last written down
  std::string form_;  // mode, schema and stop, as last written
};

/// One request as it went to the model's provider.
struct SentRequest {
  int step = 0;
  int attempt = 1;
  std::string rule;   ///< not "": a rule's model was asked for a verdict
  std::string model;  ///< its name in the configuration
  std::vector<models::Message> messages;
  std::size_t fresh = 0;  ///< the first message that the request before did not have
  Json tools;             ///< null, or what was declared to the provider
  Json form;              ///< null, or `schema`, `stop` …
  std::int64_t input_estimate = 0;
  bool exact = true;  ///< false: the recalled turns are not what they were any more
};

/// The requests of a run from its facts. `turns`: the finished runs of its session and agent, oldest first.
/// Errors: store (a fact that does not parse).
Result<std::vector<SentRequest>> sent_requests(const std::vector<store::Fact>& facts,
                                               const std::vector<store::RunRow>& turns);

/// In the shape that OpenAI's chat completions API made common.
Json as_json(const SentRequest& request);

}  // namespace troupe::agents

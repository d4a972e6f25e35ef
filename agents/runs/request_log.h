#pragma once

#include "agents/react/fitting.h"
#include "models/message.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/base/secret.h"
#include "runtime/store/journal.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// How a strategy shows an earlier answer to the model: "Final Answer: …", {"final_answer": "…"}.
struct AnswerForm {
  std::string before;
  std::string after;
  bool quoted = false;  ///< the answer stands in it as a JSON string
  std::string apply(const std::string& answer) const;
};

/// The form in which the model is shown the answers among what was recalled. `plain`: as memory gave it;
/// `shown`: as the conversation begins with it; `answers`: their places. Nothing where there is more between
/// them than a form.
std::optional<AnswerForm> form_of_answers(const std::vector<models::Message>& plain,
                                          const std::vector<models::Message>& shown,
                                          const std::vector<std::size_t>& answers);

/// What a run recalled, as the fact `memory.recalled` names it: by the finished runs that it comes from, so
/// that a conversation's turns are not copied into every run of it.
inline constexpr std::string_view kRecalledFact = "memory.recalled";
/// The fact of how the run's model was found to count when the run began: a ratio to the estimate,
/// and how much it reads.
inline constexpr std::string_view kCountedFact = "model.counted";
struct RecalledTurns {
  Json record;         ///< for memory::Memory::recall_again()
  bool steps = false;  ///< with their tool steps
};
Json to_json(const RecalledTurns& recalled);
RecalledTurns recalled_from(const Json& fact);
/// The finished runs whose tool steps a run's requests have, too.
std::vector<std::string> runs_with_steps(const std::vector<store::Fact>& facts,
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
  /// recalled ones follow the first message; `answers`: their form, where a fact `memory.recalled` says which
  /// they are.
  void begin(std::size_t history_messages, std::optional<AnswerForm> answers);

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
  std::optional<AnswerForm> answers_;
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

/// Tool steps by run.
using StepsByRun = std::map<std::string, std::vector<models::Message>>;

/// The requests of a run from its facts. `turns`: the finished runs of its session and agent, oldest first;
/// `steps`: of those that runs_with_steps() names. Errors: store (a fact that does not parse).
Result<std::vector<SentRequest>> sent_requests(const std::vector<store::Fact>& facts,
                                               const std::vector<store::RunRow>& turns,
                                               const StepsByRun& steps = {});

/// In the shape that OpenAI's chat completions API made common.
Json as_json(const SentRequest& request);

}  // namespace troupe::agents

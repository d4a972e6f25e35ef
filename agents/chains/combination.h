#pragma once

#include "agents/chains/chain.h"
#include "agents/chains/chain_calls.h"
#include "agents/chains/packing.h"
#include "memory/knowledge/search/hit.h"
#include "models/message.h"
#include "runtime/async/loop.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace troupe::agents {

/// What a combination came to: the answer, and the request it replies to.
struct Combined {
  std::string answer;
  std::vector<models::Message> asked;
};

/// Makes an answer of passages: in one call, by notes on parts of them, or by making an answer better part by
/// part. Each request is packed so that it fits into the model's context beside its reply; when a provider
/// still says that one was too long, everything is packed anew, once, for half the room or what it said it
/// takes. The passages are data: they stand in the user's message as JSON, and the answer refers to them as
/// [1], [2] … Loop thread only; lives as long as its work.
class Combination {
 public:
  struct Work {
    std::string key;  ///< of the step
    int number = 0;   ///< of the step
    std::string question;
    std::vector<memory::Hit> passages;
    bool answers = false;  ///< its last call's reply is the answer of the run
  };
  /// All outlive it.
  Combination(Loop& loop, const Chain& chain, const ChainStep& step, ChainCalls& calls, Work work)
      : loop_(loop), chain_(chain), step_(step), calls_(calls), work_(std::move(work)) {}

  Task<Chained<Combined>> run(Stop& stop);

 private:
  using Messages = std::vector<models::Message>;

  Task<Chained<Combined>> attempt(Stop& stop);
  Task<Chained<Combined>> stuff(Stop& stop);
  Task<Chained<Combined>> map_reduce(Stop& stop);
  Task<Chained<Combined>> refine(Stop& stop);
  Task<Chained<Combined>> last_call(std::string key, Messages messages, Stop& stop);
  Task<Chained<std::vector<std::string>>> all_at_once(std::string key, std::vector<Messages> requests,
                                                      Stop& stop);
  Task<> one_of_all(ChainCall call, Chained<std::string>& reply, Stop& together);
  ChainCall call(std::string key, Messages messages, bool answers) const;

  Chained<std::vector<TextBatch>> packed(const std::string& key, std::span<const std::string_view> texts,
                                         std::size_t most, const MeasureRequest& measure);
  Chained<std::vector<std::string>> shortened(std::vector<std::string> notes, std::int64_t around);
  std::vector<std::string_view> texts() const;
  std::size_t most() const { return static_cast<std::size_t>(step_.settings.passages); }
  MeasureRequest measure(std::function<Messages(std::span<const TextPart>)> request) const;
  std::string key(std::string_view what) const;

  Messages answer_request(std::span<const TextPart> parts) const;
  Messages notes_request(std::span<const TextPart> parts) const;
  Messages refine_request(const std::string& answer, std::span<const TextPart> parts) const;
  Messages reduce_request(const std::vector<std::string>& notes, std::span<const TextPart> parts,
                          bool last) const;
  Messages request(const prompts::Prompt& prompt, Json data, bool notes = false) const;

  Loop& loop_;
  const Chain& chain_;
  const ChainStep& step_;
  ChainCalls& calls_;
  const Work work_;
  std::int64_t room_ = 0;
  int round_ = 0;  // of packing
};

}  // namespace troupe::agents

#include "agents/react/loop.h"
#include "agents/runs/fitting_fact.h"
#include "models/tokens/encoding.h"

#include <random>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

models::ModelSettings openai() {
  return {.name = "m", .provider = "openai", .model = "gpt-4o", .context = 3'000};
}

/// One way of counting, with a context.
PromptRules exactly() {
  (void)models::tokens::Encoding::get(models::tokens::EncodingName::o200k_base);
  return {.tokens = std::make_shared<models::TokenCounter>(openai()),
          .window = std::make_shared<models::ContextWindow>(openai())};
}
PromptRules roughly() {
  auto counter = std::make_shared<models::TokenCounter>();
  for (int i = 0; i < 20; ++i) counter->learn(1'000, 1'900);
  return {.tokens = counter, .window = std::make_shared<models::ContextWindow>(openai())};
}

// Of words that are one token each: an encoding takes much longer for those that nobody has ever written.
std::string words(std::size_t bytes, std::string_view word) {
  std::string text;
  while (text.size() < bytes) text += word;
  text.resize(bytes);
  return text;
}

ReactLoop loop_with(AgentLimits limits, PromptRules prompt) {
  LoopStart start{.system = "You work with tools.", .user = {.role = models::Role::user, .content = "q?"}};
  for (int turn = 0; turn < 6; ++turn) {
    start.history.push_back({.role = models::Role::user, .content = words(300, " query")});
    start.history.push_back({.role = models::Role::assistant, .content = words(300, " answer")});
  }
  return ReactLoop(limits, std::move(start), nullptr, nullptr, {.on_limit = OnLimit::answer},
                   std::move(prompt));
}

/// What one process did: the conversation of each request, and what of it is on disk.
struct Lived {
  std::vector<std::vector<std::string>> requests;
  std::map<int, AskedBefore> asked;
  std::map<int, std::deque<Fitting>> fitted;
  std::string end;
};

std::vector<std::string> conversation(const ReactLoop& loop) {
  std::vector<std::string> texts;
  for (const models::Message& message : loop.transcript()->messages()) texts.push_back(message.content);
  return texts;
}

// A run whose model and tools say what `seed` makes of it; it ends by itself, after `replies`, or at a limit.
Lived live(ReactLoop loop, unsigned seed, std::size_t replies) {
  std::mt19937 random(seed);
  auto up_to = [&](int most) {
    return static_cast<std::size_t>(std::uniform_int_distribution<int>(0, most)(random));
  };
  Lived lived;
  Step step = loop.start();
  while (!std::holds_alternative<Finish>(step)) {
    if (auto* ask = std::get_if<AskModel>(&step)) {
      for (Fitting& fitting : loop.take_fitted())
        lived.fitted[loop.step()].push_back(fitting_from_fact(fitting_to_fact(fitting)));
      lived.requests.push_back(conversation(loop));
      const bool counts = ask->at.reason == "max_tokens";
      lived.asked[loop.step()] = {.input = ask->allowance.input,
                                  .limit = counts ? "max_tokens" : "",
                                  .detail = ask->at.detail,
                                  .left_out = ask->left_out};
      if (lived.requests.size() > replies) return lived;
      const bool last = ask->last;
      models::ModelReply reply{.text = words(up_to(400), " reply")};
      if (up_to(1) > 0)
        reply.usage = {.input_tokens = ask->allowance.input + 7,
                       .output_tokens = static_cast<std::int64_t>(up_to(60))};
      ParsedStep parsed{.consumed = reply.text.size()};
      if (last || up_to(14) == 0)
        parsed.outcome = FinalStep{"done", nullptr};
      else if (up_to(8) == 0)
        parsed.outcome = Malformed{"no step"};
      else
        parsed.outcome = ActionStep{{{"look", Json{{"x", lived.requests.size()}}, ""}}};
      step = loop.on_reply(reply, parsed, 0);
    } else {
      std::vector<Observation> seen;
      for (const PlannedCall& call : std::get<RunTools>(step).calls)
        seen.push_back(
            {.call = call.id, .tool = call.tool, .ok = true, .output = words(up_to(6'000), " output")});
      step = loop.on_observations(std::move(seen));
    }
  }
  const Finish& end = std::get<Finish>(step);
  lived.end = fmt::format("{} {} {}", end.status, end.reason, end.answer);
  return lived;
}

}  // namespace

TEST_CASE("what one process decided from its counts, the next decides as well, however that counts") {
  std::size_t fitted = 0, limited = 0, replayed = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    INFO("seed ", seed);
    const AgentLimits limits{.steps = 14, .tokens = seed % 3 == 0 ? 6'000 : 60'000};
    const bool exact_first = seed % 2 == 0;
    const Lived first = live(loop_with(limits, exact_first ? exactly() : roughly()), seed, 10);

    // The next process has all that was answered, and the conversation of what was not.
    PromptRules known = exact_first ? roughly() : exactly();
    known.fitted = first.fitted;
    known.asked = first.asked;
    const bool open = first.end.empty();
    if (open) known.asked.erase(known.asked.rbegin()->first);
    const Lived second = live(loop_with(limits, std::move(known)), seed, first.requests.size() - 1);

    REQUIRE(second.requests.size() >= known.asked.size());
    const std::size_t same = first.requests.size() - (open ? 1 : 0);
    for (std::size_t i = 0; i < same; ++i) {
      INFO("request ", i);
      REQUIRE(second.requests[i] == first.requests[i]);
    }
    for (const auto& [step, made] : first.fitted) fitted += made.size();
    limited += first.end.starts_with("limit max_tokens");
    replayed += same;
  }
  MESSAGE(replayed, " requests, ", fitted, " fittings, ", limited, " token limits");
  CHECK(fitted > 100);
  CHECK(limited > 10);
}

#include "models/token_counter.h"
#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/run_loop.h"

#include <algorithm>
#include <atomic>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

constexpr int kContext = 2'000;
constexpr int kRoom = 1'500;  // without the share of the reply

/// A search whose results are long.
PeerReply found(const PeerRequest& request) {
  const auto asked = parse_json(request.body);
  std::string content;
  while (content.size() < 2'500)
    content += "A fact about " + (asked ? string_or(*asked, "query") : "") + ", at length. ";
  const Json result = {
      {"title", "t"}, {"url", "https://found.example/"}, {"content", content}, {"score", 0.9}};
  return PeerReply::json(dump(
      Json{{"query", "q"}, {"answer", nullptr}, {"results", Json::array({result})}, {"response_time", 1}}));
}

std::string search(std::size_t number) {
  return dump(Json{{"thought", "let me look"},
                   {"action", "search"},
                   {"action_input", {{"query", fmt::format("thing {}", number)}}}});
}

std::string answer(std::size_t number) {
  return dump(Json{{"thought", "enough"}, {"final_answer", fmt::format("Answer {}.", number)}});
}

// As OpenAI counts what stands in a request.
std::int64_t tokens_in(const Json& body) {
  const models::TokenCounter counter({.name = "m", .provider = "openai", .model = "gpt-4o"});
  (void)models::tokens::Encoding::get(models::tokens::EncodingName::o200k_base);
  std::int64_t tokens = counter.beside({});
  for (const Json& message : body["messages"])
    tokens += counter.message({.content = message["content"].get<std::string>()});
  return tokens;
}

std::string openai_reply(const std::string& text, std::int64_t prompt) {
  const Json message = {{"role", "assistant"}, {"content", text}};
  return dump(Json{{"model", "gpt-4o"},
                   {"choices", {{{"index", 0}, {"message", message}, {"finish_reason", "stop"}}}},
                   {"usage", {{"prompt_tokens", prompt}, {"completion_tokens", 20}}}});
}

std::string anthropic_reply(const std::string& text, std::int64_t prompt) {
  return dump(Json{{"type", "message"},
                   {"role", "assistant"},
                   {"model", "m"},
                   {"content", {{{"type", "text"}, {"text", text}}}},
                   {"stop_reason", "end_turn"},
                   {"usage", {{"input_tokens", prompt}, {"output_tokens", 20}}}});
}

std::string gemini_reply(const std::string& text, std::int64_t prompt) {
  const Json content = {{"role", "model"}, {"parts", {{{"text", text}}}}};
  return dump(Json{{"candidates", {{{"content", content}, {"finishReason", "STOP"}}}},
                   {"usageMetadata", {{"promptTokenCount", prompt}, {"candidatesTokenCount", 20}}},
                   {"modelVersion", "m"}});
}

Json error_of(std::string message, std::string type, std::string code) {
  return {{"message", std::move(message)}, {"type", std::move(type)}, {"code", std::move(code)}};
}

/// What a model takes that says so only when it was passed.
constexpr std::int64_t kTaken = 3'000;

/// A provider that refuses what is too long, in its words.
struct Provider {
  const char* name;
  Json (*refusal)(std::int64_t prompt);
  std::string (*reply)(const std::string& text, std::int64_t prompt);
};

const Provider kProviders[] = {
    {"openai",
     [](std::int64_t prompt) {
       return Json{
           {"error", error_of(fmt::format("This model's maximum context length is {} tokens. However, your "
                                          "messages resulted in {} tokens. Please reduce the length of the "
                                          "messages.",
                                          kTaken, prompt),
                              "invalid_request_error", "context_length_exceeded")}};
     },
     openai_reply},
    {"anthropic",
     [](std::int64_t prompt) {
       return Json{
           {"type", "error"},
           {"error", error_of(fmt::format("prompt is too long: {} tokens > {} maximum", prompt, kTaken),
                              "invalid_request_error", "")}};
     },
     anthropic_reply},
    {"gemini",
     [](std::int64_t prompt) {
       return Json{
           {"error",
            {{"code", 400},
             {"message", fmt::format("The input token count ({}) exceeds the maximum number of tokens "
                                     "allowed ({}).",
                                     prompt, kTaken)},
             {"status", "INVALID_ARGUMENT"}}}};
     },
     gemini_reply},
};

struct Client {
  SystemClock clock;
  Loop loop{clock};
  ChatClient chat{loop};

  explicit Client(const Daemon& daemon) {
    fakes::run(loop, chat.connect(daemon.url()));
    fakes::run(loop, chat.open());
  }
  std::vector<Json> ask(std::string id, std::string text) {
    return fakes::run(loop, chat.ask(std::move(id), std::move(text)));
  }
};

std::ptrdiff_t warnings(const std::vector<Json>& frames, std::string_view code) {
  return std::ranges::count_if(frames, [&](const Json& frame) {
    return string_or(frame, "type") == "warning" && string_or(frame, "code") == code;
  });
}

}  // namespace

TEST_CASE("a long conversation with long tool outputs stays within a small context at every request") {
  std::atomic<std::size_t> asked = 0;
  HttpPeer web(found);
  HttpPeer model([&asked](const PeerRequest& request) {
    const std::int64_t tokens = tokens_in(*parse_json(request.body));
    const std::size_t now = ++asked;
    return PeerReply::json(openai_reply(now % 5 == 0 ? answer(now) : search(now), tokens));
  });
  Daemon daemon(fmt::format(R"(
network: {{ allow_private: [127.0.0.1] }}
models:
  m: {{ provider: openai, model: gpt-4o, base_url: "{}", stream: false, context: {} }}
tools: {{ search: {{ type: tavily, base_url: "{}", api_key: k }} }}
agents: {{ a: {{ model: m, tools: [search] }} }}
)",
                            model.url("/v1"), kContext, web.url("")));
  daemon.start();
  Client client(daemon);
  std::ptrdiff_t fitted = 0;
  for (int turn = 0; turn < 8; ++turn) {
    const auto frames =
        client.ask(fmt::format("m{}", turn), fmt::format("question {}: {}", turn, std::string(300, 'q')));
    CHECK(frames.back()["status"] == "done");
    fitted += warnings(frames, "context_fitted");
    const auto shown = daemon.run({"runs", "show", "--prompt", "-c", daemon.config(), frames.back()["run"]});
    CHECK(shown.exit_code == 0);
    CHECK_FALSE(shown.out.contains("no longer what they were"));
  }
  CHECK(fitted >= 8);
  const auto requests = model.requests();
  CHECK(requests.size() == 40);
  std::int64_t largest = 0;
  for (const PeerRequest& request : requests) {
    const Json body = *parse_json(request.body);
    const std::int64_t tokens = tokens_in(body);
    CHECK(tokens <= kRoom);
    largest = std::max(largest, tokens);
    CHECK(body["messages"][0]["role"] == "system");
    CHECK(body["messages"][1]["role"] == "user");
    CHECK(body["messages"].back()["role"] == "user");
  }
  MESSAGE("the largest of ", requests.size(), " requests has ", largest, " tokens");
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("a request that a provider refuses as too long is made shorter once, and the run goes on") {
  for (const Provider& provider : kProviders) {
    CAPTURE(std::string(provider.name));
    std::atomic<std::size_t> asked = 0, refused = 0;
    HttpPeer web(found);
    HttpPeer model([&](const PeerRequest& request) {
      const auto prompt = static_cast<std::int64_t>(request.body.size() / 4);
      if (prompt > kTaken) {
        ++refused;
        return PeerReply::json(dump(provider.refusal(prompt)), 400);
      }
      const std::size_t now = ++asked;
      return PeerReply::json(provider.reply(now < 8 ? search(now) : answer(now), prompt));
    });
    Daemon daemon(fmt::format(R"(
network: {{ allow_private: [127.0.0.1] }}
models:
  m: {{ provider: {}, model: m, base_url: "{}", api_key: k, stream: false }}
tools: {{ search: {{ type: tavily, base_url: "{}", api_key: k }} }}
agents: {{ a: {{ model: m, tools: [search] }} }}
)",
                              provider.name, model.url("/v1"), web.url("")));
    daemon.start();
    Client client(daemon);
    auto frames = client.ask("m1", "Look it up.");
    CHECK(frames.back()["status"] == "done");
    CHECK(frames.back()["steps"] == 8);
    CHECK(warnings(frames, "context_exceeded") == 1);
    CHECK(refused.load() == 1);

    // What it takes is known now, so the next run is not refused.
    asked = 0;
    frames = client.ask("m2", "Look again.");
    CHECK(frames.back()["status"] == "done");
    CHECK(refused.load() == 1);
    CHECK(warnings(frames, "context_fitted") >= 1);
    CHECK(daemon.stop().exit_code == 0);
  }
}

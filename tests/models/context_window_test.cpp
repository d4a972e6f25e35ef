#include "models/context_window.h"

#include "models/limits.h"
#include "models/providers/complaint.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;

namespace {

ContextWindow window(int context, int reply = 0) {
  return ContextWindow(ModelSettings{.name = "m", .max_output_tokens = reply, .context = context});
}

struct Refusal {
  std::string_view about;
  int status;
  std::string_view body;
  std::int64_t max;     // 0: it does not say
  std::int64_t prompt;  // 0: the same
};

// As the servers write them.
constexpr Refusal kRefusals[] = {
    {"openai", 400,
     R"({"error":{"message":"This model's maximum context length is 8192 tokens. However, your messages resulted in 9120 tokens. Please reduce the length of the messages.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}})",
     8192, 9120},
    {"openai, with the reply", 400,
     R"({"error":{"message":"This model's maximum context length is 4097 tokens. However, you requested 4927 tokens (3927 in the messages, 1000 in the completion). Please reduce the length of the messages or completion.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}})",
     4097, 3927},
    {"openai, responses", 400,
     R"({"error":{"message":"Your input exceeds the context window of this model. Please adjust your input and try again.","type":"invalid_request_error","param":"input","code":"context_length_exceeded"}})",
     0, 0},
    {"anthropic", 400,
     R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}})",
     200000, 210000},
    {"anthropic, bytes", 413,
     R"({"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum allowed number of bytes."}})",
     0, 0},
    {"gemini", 400,
     R"({"error":{"code":400,"message":"The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).","status":"INVALID_ARGUMENT"}})",
     1048575, 1196265},
    {"gemini, without the count", 400,
     R"({"error":{"code":400,"message":"The input token count exceeds the maximum number of tokens allowed 1048576.","status":"INVALID_ARGUMENT"}})",
     1048576, 0},
    {"llama.cpp", 400,
     R"({"error":{"code":400,"message":"request (9412 tokens) exceeds the available context size (8192 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":9412,"n_ctx":8192}})",
     8192, 9412},
    {"xai", 400,
     R"({"error":"This model's maximum prompt length is 131072 but the request contains 537812 tokens."})",
     131072, 537812},
    {"tgi", 422,
     R"({"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 512 `max_new_tokens`","error_type":"validation"})",
     4096, 5000},
    {"tgi, inputs", 422,
     R"({"error":"Input validation error: `inputs` must have less than 2048 tokens. Given: 2233","error_type":"validation"})",
     2048, 2233},
    {"vllm", 400,
     R"({"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 4200 tokens in the messages, Please reduce the length of the messages.","type":"BadRequestError","code":400})",
     4096, 4200},
    {"openrouter", 400,
     R"({"error":{"message":"This endpoint's maximum context length is 32,768 tokens. However, you requested about 40,001 tokens (39,001 of text input, 1,000 in the output). Please reduce the length of either one.","code":400}})",
     32768, 39001},
};

}  // namespace

TEST_CASE("a request leaves room for the reply: what was asked for, or a share of the whole") {
  CHECK(window(8'000, 1'000).prompt_max() == 7'000);
  CHECK(window(2'000).prompt_max() == 1'500);
  CHECK(window(128'000).prompt_max() == 128'000 - limits::kReplyRoomMax);
  // Who asks for more than there is gets half.
  CHECK(window(4'000, 100'000).prompt_max() == 2'000);
  CHECK_FALSE(window(0).prompt_max());
  CHECK_FALSE(ContextWindow().tokens());
}

TEST_CASE("what a provider takes at most is learnt, and never grows") {
  ContextWindow unknown = window(0);
  unknown.learn(8'192);
  CHECK(unknown.tokens() == 8'192);
  unknown.learn(16'384);
  CHECK(unknown.tokens() == 8'192);
  unknown.learn(4'096);
  CHECK(unknown.tokens() == 4'096);
  unknown.learn(3);
  unknown.learn(-5);
  CHECK(unknown.tokens() == 4'096);
  ContextWindow wrong = window(200'000);
  wrong.learn(8'192);
  CHECK(wrong.tokens() == 8'192);
}

TEST_CASE("refusals of requests that are too long are understood, with what they say of the size") {
  for (const Refusal& refusal : kRefusals) {
    INFO(std::string(refusal.about));
    const Error error = complaint_error(ProviderComplaint::read_text(refusal.body), refusal.status);
    CHECK(error.code == ErrorCode::too_large);
    const ExceededContext said = read_exceeded("model main (x at https://host:8080/v1): " + error.message);
    CHECK(said.max.value_or(0) == refusal.max);
    CHECK(said.prompt.value_or(0) == refusal.prompt);
  }
}

TEST_CASE("numbers that say nothing of a context are not taken for one") {
  for (std::string_view text :
       {"", "maximum context length is", "maximum context length is many tokens", "HTTP 400: 8192",
        "context of 3", "> maximum", "you requested tokens", "context window of 99999999999999999999999"}) {
    INFO(std::string(text));
    CHECK_FALSE(read_exceeded(text).prompt);
  }
  CHECK_FALSE(read_exceeded("maximum context length is 3 tokens").max);
}

#include "models/endpoint.h"

#include <doctest/doctest.h>

using namespace troupe::models;

TEST_CASE("the endpoint is found whatever base_url looks like") {
  auto at = [](std::string_view base) { return endpoint(base, "/v1", "/chat/completions"); };
  CHECK(at("https://api.openai.com/v1") == "https://api.openai.com/v1/chat/completions");
  CHECK(at("https://api.openai.com/v1/") == "https://api.openai.com/v1/chat/completions");
  CHECK(at("http://127.0.0.1:11434") == "http://127.0.0.1:11434/v1/chat/completions");
  CHECK(at("http://127.0.0.1:11434/") == "http://127.0.0.1:11434/v1/chat/completions");
  CHECK(at("https://api.groq.com/openai/v1") == "https://api.groq.com/openai/v1/chat/completions");
  CHECK(at("https://x.openai.azure.com/openai/deployments/d?api-version=2024-12-01") ==
        "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-12-01");
  CHECK(at("https://api.perplexity.ai/chat/completions") == "https://api.perplexity.ai/chat/completions");
  CHECK(at("https://h/v1#x") == "https://h/v1/chat/completions");
  CHECK(shown_url("https://user:secret@h:8/v1/x?key=secret#y") == "https://h:8/v1/x");
  CHECK(shown_url("https://h/a@b") == "https://h/a@b");
}

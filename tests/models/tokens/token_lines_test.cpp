#include "models/tokens/token_lines.h"

#include <sstream>
#include <string>

#include <doctest/doctest.h>

using namespace troupe::models::tokens;

namespace {

struct Counted {
  std::string out, errors;
  bool all = false;
};

Counted count(const std::string& input, bool ids = false) {
  std::istringstream in(input);
  std::ostringstream out, errors;
  const bool all = count_lines(in, out, errors, Encoding::get(EncodingName::cl100k_base), ids);
  return {out.str(), errors.str(), all};
}

}  // namespace

TEST_CASE("a text is counted to its last byte") {
  CHECK(count("hello world").out == "2\n");
  CHECK(count("hello world\n").out == "3\n");
  CHECK(count("hello world\nhello world").out == "5\n");
  CHECK(count("\n\nhello").out == "2\n");
  CHECK(count("").out == "0\n");
  CHECK(count("\n").out == "1\n");
  CHECK(count("{ not json }").all);
  CHECK(count(R"({"completion":"a JSON object without text is a text"})").out != "0\n");
}

TEST_CASE("the ids are printed where they are wanted") {
  CHECK(count("hello world", true).out == "15339 1917\n");
  CHECK(count("", true).out == "\n");
}

TEST_CASE("JSON lines with text are counted a line each, and a line that is none does not stop the others") {
  const Counted all =
      count("\n{\"text\":\"hello world\"}\r\n{\"text\":\"\"}\n\n{\"text\":\"hello\",\"id\":1}\n");
  CHECK(all.out == "2\n0\n1\n");
  CHECK(all.all);
  const Counted some = count("{\"text\":\"hello world\"}\n{\"text\":5}\nnonsense\n{\"text\":\"hello\"}");
  CHECK(some.out == "2\nerror\nerror\n1\n");
  CHECK_FALSE(some.all);
  CHECK(some.errors.find("line 2: it is no object") != std::string::npos);
  CHECK(some.errors.find("line 3: ") != std::string::npos);
}

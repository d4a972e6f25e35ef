#include "memory/knowledge/search/rewrite.h"
#include "models/builtin/intents.h"
#include "tests/memory/search/search_bench.h"

using namespace troupe;
using namespace troupe::memory;
using troupe::memory::testing::SearchBench;

namespace {

/// What `builtin` says to a call that is no step.
class BuiltinIntents final : public models::Model {
 public:
  Task<Result<models::ModelReply>> complete(models::ModelRequest request, models::TokenSink&,
                                            CallContext&) override {
    auto text = models::builtin::serve_intent(request);
    if (!text) co_return fail(std::move(text.error()));
    co_return models::ModelReply{.text = std::move(*text)};
  }
  const std::string& name() const override { return name_; }

 private:
  std::string name_ = "builtin";
};

}  // namespace

TEST_CASE("with the builtin model a search does what takes no judgement, and says what would take a model") {
  SearchBench bench;
  SearchSettings settings{.mode = SearchMode::hybrid, .k = 3};
  const auto plain = bench.ids("iron tower", settings);
  bench.models["main"] = std::make_shared<BuiltinIntents>();
  settings.rerank.model = "main";
  settings.compress = {.by = SearchSettings::Compress::By::model, .model = "main", .sentences = 1};
  const Retrieved found = bench.found("iron tower", settings);
  REQUIRE(found.hits.size() == plain.size());
  for (std::size_t i = 0; i < plain.size(); ++i) CHECK(found.hits[i].chunk == plain[i]);
  REQUIRE(found.remarks.size() == 2);
  for (const std::string& remark : found.remarks)
    CHECK(remark.contains("that takes a language model. Add one"));

  CallContext context = bench.call();
  const models::UseSink uncounted = [](const models::ModelUse&) {};
  BuiltinIntents builtin;
  auto question =
      fakes::run(bench.caller.loop,
                 standalone_question(builtin, *bench.prompts.find("rewrite"),
                                     {{.role = models::Role::user, .content = "How high is the tower?"}},
                                     "And who designed it?", uncounted, context));
  REQUIRE(question.has_value());
  CHECK(question->question == "And who designed it?");
  CHECK(question->remark.contains("builtin cannot rewrite"));
}

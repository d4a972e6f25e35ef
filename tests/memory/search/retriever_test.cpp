#include "memory/knowledge/search/retriever.h"

#include "memory/knowledge/search/limits.h"
#include "tests/memory/search/search_bench.h"

using namespace troupe;
using namespace troupe::memory;
using troupe::memory::testing::CountingEmbedder;
using troupe::memory::testing::SearchBench;

namespace {

using Ids = std::vector<std::int64_t>;

SearchSettings mode(SearchMode mode, std::size_t k) {
  return {.mode = mode, .k = k};
}

}  // namespace

TEST_CASE("similarity: the nearest, with all that is known of them") {
  SearchBench bench;
  const Retrieved found = bench.found("iron tower in Paris", mode(SearchMode::similarity, 2));
  REQUIRE(found.hits.size() == 2);
  const Hit& hit = found.hits[0];
  CHECK(hit.chunk == 1);
  CHECK(hit.document == 1);
  CHECK(hit.source == "tower.md");
  CHECK(hit.text == "The tower of iron stands in Paris.");
  CHECK(hit.begin == 0);
  CHECK(hit.end == hit.text.size());
  CHECK(hit.score == doctest::Approx(1));
  CHECK(hit.score_kind == ScoreKind::cosine);
  CHECK(hit.metadata["year"] == 1889);
  CHECK(hit.placings == std::vector<Placing>{{ScoreKind::cosine, 1, hit.score}});
  CHECK(bench.uses.size() == 1);
  CHECK(bench.uses[0].model == "embeddings/counting");
  CHECK(found.remarks.empty());
  CHECK(bench.source.asked.at(0).count == 2);
  CHECK(!bench.source.asked.at(0).vectors);
}

TEST_CASE("keyword: no vector is made") {
  SearchBench bench;
  bench.embedder = nullptr;
  const Retrieved found = bench.found("law bridge", mode(SearchMode::keyword, 6));
  REQUIRE(found.hits.size() == 2);
  CHECK(found.hits[0].chunk == 6);
  CHECK(found.hits[0].score_kind == ScoreKind::bm25);
  CHECK(bench.uses.empty());
}

TEST_CASE("threshold: what is similar enough, at most k") {
  SearchBench bench;
  SearchSettings settings = mode(SearchMode::threshold, 6);
  settings.min_score = 0.5;
  CHECK(bench.ids("lift", settings) == Ids{2});
  settings.min_score = -1;
  CHECK(bench.ids("lift", settings).size() == 6);
  settings.k = 2;
  CHECK(bench.ids("lift", settings).size() == 2);
  settings.min_score = 1;
  CHECK(bench.found("lift bridge law", settings).hits.empty());
}

TEST_CASE("mmr: chosen from fetch_k, unlike each other") {
  SearchBench bench;
  bench.source.add(4, "copy.md", {"Tower of iron, Paris."});
  SearchSettings settings = mode(SearchMode::mmr, 2);
  settings.lambda = 1;
  CHECK(bench.ids("iron tower in Paris", settings) == Ids{1, 7});
  settings.lambda = 0.3;
  const Retrieved found = bench.found("iron tower in Paris", settings);
  CHECK(found.hits[0].chunk == 1);
  CHECK(found.hits[1].chunk != 7);
  CHECK(found.hits[1].score_kind == ScoreKind::mmr);
  REQUIRE(found.hits[1].placings.size() == 2);
  CHECK(found.hits[1].placings[0].list == ScoreKind::cosine);
  CHECK(found.hits[1].placings[1] == Placing{ScoreKind::mmr, 2, found.hits[1].score});
  CHECK(bench.source.asked.back().count == 20);
  CHECK(bench.source.asked.back().vectors);
  settings.fetch_k = 2;
  CHECK(bench.ids("iron tower in Paris", settings) == Ids{1, 7});
}

TEST_CASE("hybrid: both lists count, and their places are kept") {
  SearchBench bench;
  SearchSettings settings = mode(SearchMode::hybrid, 3);
  CHECK(bench.found("nobody counts the tower", settings).hits[0].score_kind == ScoreKind::weighted);
  bench.source.asked.clear();
  settings.hybrid.fusion = SearchSettings::Hybrid::Fusion::rrf;
  const Retrieved found = bench.found("nobody counts the tower", settings);
  REQUIRE(found.hits.size() == 3);
  CHECK(found.hits[0].score_kind == ScoreKind::rrf);
  bool by_words = false;  // the chunk that shares only words with the query
  for (const Hit& hit : found.hits) by_words |= hit.chunk == 3;
  CHECK(by_words);
  CHECK(bench.source.asked.size() == 2);
  CHECK(bench.source.asked[1].count == 20);

  settings.hybrid.fusion = SearchSettings::Hybrid::Fusion::weighted;
  settings.hybrid.keyword_weight = 0;
  const Ids weighted = bench.ids("nobody counts the tower", settings);
  settings.mode = SearchMode::similarity;
  CHECK(weighted == bench.ids("nobody counts the tower", settings));
}

TEST_CASE("hybrid: where nothing is written, vectors count as their embedder is told to") {
  SearchBench bench;
  SearchSettings settings = mode(SearchMode::hybrid, 3);
  bench.similarity_weight = 0;
  const Ids by_words = bench.ids("nobody counts the tower", settings);
  settings.hybrid.similarity_weight = 0;
  bench.similarity_weight = 1;
  CHECK(by_words == bench.ids("nobody counts the tower", settings));  // what is written goes first
  settings.hybrid.similarity_weight.reset();
  const double equal = bench.found("nobody counts the tower", settings).hits[0].score;
  bench.similarity_weight = kBuiltinSimilarityWeight;
  CHECK(equal != bench.found("nobody counts the tower", settings).hits[0].score);
}

TEST_CASE("filters and a single document reach the source in every mode") {
  SearchBench bench;
  for (const std::string& name : search_modes()) {
    SearchSettings settings = mode(*search_mode(name), 6);
    if (name == "threshold") settings.min_score = -1;
    settings.filter = *Filter::parse({{"year", {{"gte", 1900}}}});
    for (std::int64_t id : bench.ids("the tower, the bridge, iron", settings)) CHECK_MESSAGE(id >= 4, name);
    settings.document = "law.md";
    CHECK_MESSAGE(bench.ids("the tower, the bridge, iron", settings) == Ids{6}, name);
    settings.document = "tower.md";
    CHECK_MESSAGE(bench.ids("the tower, the bridge, iron", settings).empty(), name);
  }
  SearchSettings by_title = mode(SearchMode::similarity, 6);
  by_title.filter = *Filter::parse({{"title", "bridge.md"}});
  CHECK(bench.ids("tower", by_title) == Ids{5, 4});
}

TEST_CASE("a model puts what words found in order") {
  SearchBench bench;
  bench.model->say(R"({"ranking": [{"index": 2, "score": 9}, {"index": 1, "score": 2}]})");
  SearchSettings settings = mode(SearchMode::keyword, 3);
  settings.rerank = {"main", 2};
  const Retrieved found = bench.found("tower iron bridge", settings);
  REQUIRE(found.hits.size() == 2);
  CHECK(bench.source.asked.back().count == 20);
  CHECK(found.hits[0].score == 9);
  CHECK(found.hits[0].score_kind == ScoreKind::rerank);
  CHECK(found.hits[0].placings.back() == Placing{ScoreKind::rerank, 1, 9});
  CHECK(found.hits[1].score == 2);
  CHECK(bench.uses.size() == 1);
  CHECK(bench.uses[0].model == "scripted");
  const Json shown = *parse_json(bench.model->heard().at(0));
  CHECK(shown["query"] == "tower iron bridge");
  CHECK(shown["passages"].size() == 4);
  CHECK(shown["passages"][0]["index"] == 1);
}

TEST_CASE("a model that fails leaves the order, and it is told") {
  for (const auto& line : {fakes::ScriptedModel::Line("I would rather not."),
                           fakes::ScriptedModel::Line(Error{ErrorCode::network, "the line is dead"})}) {
    SearchBench bench;
    SearchSettings settings = mode(SearchMode::similarity, 3);
    const Ids before = bench.ids("iron tower", settings);
    bench.model->say(line);
    settings.rerank.model = "main";
    const Retrieved found = bench.found("iron tower", settings);
    Ids after;
    for (const Hit& hit : found.hits) after.push_back(hit.chunk);
    CHECK(after == before);
    REQUIRE(found.remarks.size() == 1);
    CHECK(found.remarks[0].contains("model scripted did not put the hits in order"));
    CHECK(bench.warnings() == std::vector<std::string>{"rerank_failed"});
  }
}

TEST_CASE("one hit or none is not put in order") {
  SearchBench bench;
  SearchSettings settings = mode(SearchMode::keyword, 3);
  settings.rerank.model = "main";
  CHECK(bench.ids("bolts", settings) == Ids{3});
  CHECK(bench.ids("unheard", settings).empty());
  CHECK(bench.model->calls() == 0);
}

TEST_CASE("expansion to neighbours and to the parent") {
  SearchBench bench;
  SearchSettings settings = mode(SearchMode::keyword, 6);
  settings.expand.neighbours = 1;
  Retrieved found = bench.found("bolts", settings);
  REQUIRE(found.hits.size() == 1);
  CHECK(found.hits[0].text == "A lift goes up the tower.\nNobody counts the bolts.");
  CHECK(found.hits[0].chunk == 3);
  // Three hits of two documents, of which two touch.
  found = bench.found("law bolts lift", settings);
  REQUIRE(found.hits.size() == 2);
  CHECK(found.hits[0].merged == Ids{3});

  settings.expand = {.parent = true, .characters = 1000};
  found = bench.found("bolts", settings);
  CHECK(found.hits[0].text ==
        "The tower of iron stands in Paris.\nA lift goes up the tower.\nNobody counts the bolts.");
  settings.expand.characters = 30;
  CHECK(bench.found("bolts", settings).hits[0].text == "Nobody counts the bolts.");
}

TEST_CASE("extractive compression, after expansion") {
  SearchBench bench;
  SearchSettings settings = mode(SearchMode::keyword, 6);
  settings.expand.parent = true;
  settings.compress = {.by = SearchSettings::Compress::By::extractive, .sentences = 2};
  const Retrieved found = bench.found("Paris bolts", settings);
  REQUIRE(found.hits.size() == 1);
  CHECK(found.hits[0].text == "The tower of iron stands in Paris. … Nobody counts the bolts.");
  CHECK(found.hits[0].pieces.size() == 2);
  CHECK(found.hits[0].pieces[1].end == found.hits[0].end);
}

TEST_CASE("compression by vectors, and by words when there is no embedding") {
  SearchBench bench;
  SearchSettings settings = mode(SearchMode::keyword, 1);
  settings.expand.parent = true;
  settings.compress = {.by = SearchSettings::Compress::By::extractive, .sentences = 1, .embeddings = true};
  Retrieved found = bench.found("bolts", settings);
  CHECK(found.hits[0].text == "Nobody counts the bolts.");
  CHECK(bench.embedder->calls.size() == 1);
  CHECK(bench.embedder->calls[0].size() == 4);
  CHECK(bench.uses.size() == 1);

  bench.embedder->error = Error{ErrorCode::network, "no line"};
  found = bench.found("bolts", settings);
  CHECK(found.hits[0].text == "Nobody counts the bolts.");
  REQUIRE(found.remarks.size() == 1);
  CHECK(found.remarks[0].contains("chosen by their words alone: no line"));
  bench.embedder = nullptr;
  CHECK(bench.found("bolts", settings).remarks.size() == 1);
  CHECK(bench.warnings() == std::vector<std::string>{"compress_failed", "compress_failed"});
}

TEST_CASE("compression by a model keeps the document's own sentences") {
  SearchBench bench;
  SearchSettings settings = mode(SearchMode::keyword, 6);
  settings.expand.parent = true;
  settings.compress = {.by = SearchSettings::Compress::By::model, .model = "main", .sentences = 2};
  bench.model->say(
      R"({"passages": [{"index": 1, "sentences": [3, "1", 9, 2]}, {"index": 5, "sentences": [1]}]})");
  Retrieved found = bench.found("Paris bolts", settings);
  CHECK(found.hits[0].text == "The tower of iron stands in Paris. … Nobody counts the bolts.");
  CHECK(
      dump(*parse_json(bench.model->heard().at(0))) ==
      R"({"query":"Paris bolts","passages":[{"index":1,"sentences":{"1":"The tower of iron stands in Paris.",)"
      R"("2":"A lift goes up the tower.","3":"Nobody counts the bolts."}}]})");

  bench.model->say(R"({"1": [2]})");
  CHECK(bench.found("Paris bolts", settings).hits[0].text == "A lift goes up the tower.");
  bench.model->say(R"([{"index": 1, "sentences": []}])");
  CHECK(bench.found("bolts", settings).hits[0].text == "Nobody counts the bolts.");
  CHECK(bench.warnings().empty());
  bench.model->say("The tower is in Paris.");
  found = bench.found("bolts", settings);
  CHECK(found.hits[0].text == "Nobody counts the bolts.");
  CHECK(found.remarks.size() == 1);
  CHECK(bench.warnings() == std::vector<std::string>{"compress_failed"});
}

TEST_CASE("a chunk that was deleted meanwhile is left out") {
  SearchBench bench;
  bench.source.gone = 1;
  CHECK(bench.ids("iron tower in Paris", mode(SearchMode::similarity, 2)).size() == 1);
}

TEST_CASE("much to compare is compared on the workers, with the same result") {
  SearchBench bench;
  for (int i = 0; i < 900; ++i)
    bench.source.add(100 + i, "more.md", {i % 2 ? "Iron bridge." : "A lift, a law.", "River of Paris."});
  SearchSettings settings = mode(SearchMode::mmr, 200);
  settings.fetch_k = 1'000;
  const Ids found = bench.ids("tower and lift", settings);
  CHECK(found.size() == 200);
  const std::vector<float> query = CountingEmbedder::vector("tower and lift");
  std::vector<std::pair<double, const StoredChunk*>> nearest;
  for (const StoredChunk& chunk : bench.source.chunks)
    nearest.emplace_back(-cosine(query, CountingEmbedder::vector(chunk.text)), &chunk);
  std::ranges::sort(nearest, {}, [](const auto& one) { return std::pair(one.first, one.second->id); });
  nearest.resize(1'000);
  std::vector<std::vector<float>> vectors;
  for (const auto& one : nearest) vectors.push_back(CountingEmbedder::vector(one.second->text));
  const std::vector<std::span<const float>> spans(vectors.begin(), vectors.end());
  Ids expected;
  for (const MmrChoice& choice : mmr(query, spans, 200, settings.lambda))
    expected.push_back(nearest[choice.index].second->id);
  CHECK(found == expected);
}

TEST_CASE("much text is taken apart on the workers") {
  SearchBench bench;
  bench.source.add(9, "long.md",
                   std::vector<std::string>(1'200, "The unusual words stand here. Others do not."));
  SearchSettings settings = mode(SearchMode::keyword, 20);
  settings.expand.neighbours = 50;
  settings.compress = {.by = SearchSettings::Compress::By::extractive, .sentences = 1};
  settings.filter = *Filter::parse({{"source", "long.md"}});
  // Hits side by side: one text of all of them.
  const Retrieved found = bench.found("unusual", settings);
  REQUIRE(found.hits.size() == 1);
  CHECK(found.hits[0].merged.size() == 19);
  CHECK(found.hits[0].text == "The unusual words stand here.");
  settings.expand = {.parent = true, .characters = limits::kParentCharacters};
  settings.k = 40;
  const Retrieved wide = bench.found("unusual", settings);
  REQUIRE(wide.hits.size() == 1);
  CHECK(wide.hits[0].text == "The unusual words stand here.");
}

TEST_CASE("searches that cannot be") {
  SearchBench bench;
  const auto refused = [&bench](std::string query, const SearchSettings& settings, ErrorCode code,
                                std::string_view told) {
    auto found = bench.search(std::move(query), settings);
    REQUIRE(!found.has_value());
    CHECK(found.error().code == code);
    CHECK_MESSAGE(found.error().message.contains(told), found.error().message);
  };
  refused(" \n", {}, ErrorCode::invalid, "the query is empty");
  refused(std::string(limits::kSearchQueryBytes + 1, 'x'), {}, ErrorCode::too_large,
          "the query has 16385 bytes");
  SearchSettings wrong{.k = 0, .lambda = 2};
  refused("x", wrong, ErrorCode::invalid,
          "search: `k` is 0; write a whole number from 1 to 200; `lambda` is 2");
  SearchSettings unknown;
  unknown.rerank.model = "nobody";
  refused("x", unknown, ErrorCode::not_found, "there is no model `nobody`");
  CHECK(bench.embedder->calls.empty());  // nothing was spent

  bench.source.error = Error{ErrorCode::not_found, "there is no document `x`"};
  refused("x", {}, ErrorCode::not_found, "there is no document `x`");
  bench.embedder->error = Error{ErrorCode::timeout, "too slow"};
  refused("x", {}, ErrorCode::timeout, "too slow");
  bench.embedder = nullptr;
  refused("x", {}, ErrorCode::unavailable, "mode similarity needs an embedder");
}

TEST_CASE("what a search spent is told as it is spent, also when the search comes to nothing") {
  SearchBench bench;
  SearchSettings settings = mode(SearchMode::similarity, 3);
  SUBCASE("the base cannot be read") {
    bench.source.error = Error{ErrorCode::store, "the disk is gone"};
    REQUIRE(!bench.search("tower", settings).has_value());
    REQUIRE(bench.uses.size() == 1);
    CHECK(bench.uses[0].model == "embeddings/counting");
    CHECK(bench.uses[0].usage.input_tokens == 3);
  }
  SUBCASE("a model's reply breaks off: nobody says what it cost, so it is estimated") {
    bench.model->say(fakes::ScriptedModel::Break{.text = "Let me think about this."});
    settings.rerank.model = "main";
    REQUIRE(bench.search("iron tower", settings).has_value());
    REQUIRE(bench.uses.size() == 2);
    CHECK(bench.uses[1].model == "scripted");
    CHECK(bench.uses[1].usage.output_tokens == 6);
    CHECK(bench.uses[1].usage.input_tokens > 50);
    CHECK(bench.uses[1].usage.estimated);
  }
  SUBCASE("a model that was never heard of cost nothing that is known of") {
    bench.model->say(Error{ErrorCode::network, "the line is dead"});
    settings.rerank.model = "main";
    REQUIRE(bench.search("iron tower", settings).has_value());
    CHECK(bench.uses.back().usage.input_tokens + bench.uses.back().usage.output_tokens == 0);
  }
  SUBCASE("it is stopped after one model, while another thinks") {
    bench.model->usage = {.input_tokens = 40, .output_tokens = 2};
    bench.model->say(R"({"ranking": [{"index": 2}, {"index": 1}]})");
    bench.model->say(fakes::ScriptedModel::Ponder{"So many sentences."});
    settings.rerank.model = "main";
    settings.compress = {.by = SearchSettings::Compress::By::model, .model = "main"};
    Loop::Alarm alarm = bench.caller.loop.at(bench.caller.clock.now() + Milliseconds(20),
                                             [&] { bench.caller.stop.request(StopReason::cancelled); });
    REQUIRE(!bench.search("iron tower", settings).has_value());
    REQUIRE(bench.uses.size() == 3);
    CHECK(bench.uses[1].usage.input_tokens == 40);
    CHECK(bench.uses[2].usage.output_tokens > 0);
    CHECK(bench.uses[2].usage.estimated);
  }
}

TEST_CASE("a search that is stopped while a model thinks ends as that") {
  SearchBench bench;
  bench.model->say(fakes::ScriptedModel::Hang{});
  SearchSettings settings = mode(SearchMode::similarity, 3);
  settings.rerank.model = "main";
  Loop::Alarm alarm = bench.caller.loop.at(bench.caller.clock.now(),
                                           [&bench] { bench.caller.stop.request(StopReason::cancelled); });
  auto found = bench.search("tower", settings);
  REQUIRE(!found.has_value());
  CHECK(found.error().code == ErrorCode::cancelled);
  CHECK(bench.warnings().empty());
}

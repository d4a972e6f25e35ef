#include "tests/fakes/fake_knowledge.h"
#include "tests/fakes/fake_run_desk.h"
#include "tests/fakes/temp_dir.h"
#include "tests/gateway/http/http_bench.h"
#include "tests/memory/bases/knowledge_world.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::gateway;
using memory::testing::KnowledgeWorld;

namespace {

/// The gateway over a real base `k` of hashed vectors.
struct Bases {
  explicit Bases(ServerSettings settings = {}) : settings_(std::move(settings)) {}

  HttpBench& bench() {
    if (!bench_) bench_ = std::make_unique<HttpBench>(world.loop, desk, services(), settings_);
    return *bench_;
  }
  HttpReply search(const std::string& body, const std::string& headers = "", const std::string& base = "k") {
    return bench().ask("POST", "/v1/knowledge/" + base + "/search", body, headers);
  }

  fakes::TempDir folder;
  KnowledgeWorld world{folder.path().string()};
  fakes::FakeRunDesk desk{world.loop};
  std::shared_ptr<memory::Knowledge> other;  // instead of the real one

 private:
  GatewayServices services() {
    std::shared_ptr<memory::Knowledge> knowledge = other;
    if (!knowledge) knowledge = std::make_shared<memory::ConfiguredKnowledge>(world.knowledge());
    return {
        .offer =
            [knowledge] {
              return Offer{
                  .knowledge = knowledge,
                  .bases = {{.name = "k",
                             .description = "rules of the house",
                             .embedding = R"({"provider":"openai","model":"m","base_url":"http://10.0.0.1"})",
                             .index = memory::IndexKind::hnsw},
                            {.name = "empty", .embedding = R"({"provider":"builtin"})"}}};
            },
        .knowledge = world.store.get()};
  }
  ServerSettings settings_;
  std::unique_ptr<HttpBench> bench_;
};

}  // namespace

TEST_CASE("bases are listed with how much of them a tenant finds, and nothing of where they are made") {
  Bases bases(settings_with_tokens());
  bases.world.put("a.txt", "red\ngreen");
  bases.world.put("b.txt", "blue", Json::object(), {"acme", "k"});
  const HttpReply acme = bases.bench().ask("GET", "/v1/knowledge", "", kAcme);
  REQUIRE(acme.status == 200);
  REQUIRE(acme.body["knowledge"].size() == 2);
  const Json& k = acme.body["knowledge"][0];
  CHECK(k["name"] == "k");
  CHECK(k["description"] == "rules of the house");
  CHECK(k["documents"] == 2);
  CHECK(k["chunks"] == 3);
  CHECK(k["embedding"] == Json{{"provider", "openai"}, {"model", "m"}});
  CHECK(k["index"] == "hnsw");
  CHECK(k["stale"] == true);
  CHECK(acme.text.find("10.0.0.1") == std::string::npos);
  CHECK(acme.body["knowledge"][1]["documents"] == 0);
  CHECK(acme.body["knowledge"][1]["index"] == "auto");
  CHECK_FALSE(acme.body["knowledge"][1].contains("stale"));
  const HttpReply bravo = bases.bench().ask("GET", "/v1/knowledge", "", kBravo);
  CHECK(bravo.body["knowledge"][0]["documents"] == 1);
  CHECK(bases.bench().ask("GET", "/v1/knowledge").status == 401);
}

TEST_CASE("a search finds what the command line finds, with the same options") {
  Bases bases;
  bases.world.put("colours.txt", "red roses\ngreen grass\nblue sky", {{"kind", "nature"}});
  bases.world.put("cars.txt", "red cars", {{"kind", "machine"}});
  const HttpReply found = bases.search(R"({"query":"red","mode":"keyword","k":5})");
  REQUIRE_MESSAGE(found.status == 200, found.text);
  REQUIRE(found.body["hits"].size() == 2);
  const Json hit = found.body["hits"][0];
  for (const char* key : {"text", "source", "title", "page", "begin", "end", "score", "score_kind"})
    CHECK_MESSAGE(hit.contains(key), key);
  CHECK(hit["score_kind"] == "bm25");
  const auto direct = bases.world.search("red", memory::testing::by(memory::SearchMode::keyword));
  REQUIRE(direct);
  CHECK(hit == memory::to_json(direct->hits[0]));

  const HttpReply one = bases.search(R"({"query":"red","mode":"keyword","filter":{"kind":"machine"}})");
  REQUIRE(one.body["hits"].size() == 1);
  CHECK(one.body["hits"][0]["source"] == "cars.txt");
  CHECK(bases.search(R"({"query":"red roses","mode":"mmr","k":1,"fetch_k":4,"lambda":0.5})")
            .body["hits"]
            .size() == 1);
  CHECK(bases.search(R"({"query":"red roses","mode":"threshold","min_score":0.99})").body["hits"].size() ==
        1);
  CHECK(bases.search(R"({"query":"red","document":"cars.txt"})").body["hits"].size() == 1);
}

TEST_CASE("a search that is asked wrongly is refused with what is wrong") {
  Bases bases;
  bases.world.put("a.txt", "red");
  struct Case {
    const char* body;
    const char* told;
  };
  for (const Case& wrong :
       {Case{R"({})", "/query"}, Case{R"({"query":7})", "/query"}, Case{R"({"query":"  "})", ""},
        Case{R"({"query":"x","mode":"best"})", "/mode"}, Case{R"({"query":"x","k":0})", "/k"},
        Case{R"({"query":"x","k":1.5})", "/k"}, Case{R"({"query":"x","kk":1})", "did you mean `k`"},
        Case{R"({"query":"x","lambda":7,"mode":"mmr"})", "lambda"},
        Case{R"({"query":"x","filter":[]})", "/filter"}, Case{R"({"query":"x",})", "offset"},
        Case{R"(["x"])", "no JSON object"}, Case{"", "JSON"}}) {
    const HttpReply reply = bases.search(wrong.body);
    INFO(wrong.body, "\n", reply.text);
    CHECK(reply.status == 400);
    CHECK(reply.code() == "invalid");
    CHECK(reply.message().find(wrong.told) != std::string::npos);
  }
  const HttpReply nowhere = bases.search(R"({"query":"x"})", "", "kk");
  CHECK(nowhere.status == 404);
  CHECK(nowhere.message().find("`kk`") != std::string::npos);
  CHECK(bases.search(R"({"query":"x"})", "Content-Type: text/plain\r\n").status == 415);
  const std::string large = R"({"query":")" + std::string(limits::kMessageBytes, 'x') + "\"}";
  CHECK(bases.search(large).status == 413);
  CHECK(bases.bench().ask("GET", "/v1/knowledge/k/search").status == 405);
  CHECK(bases.bench().ask("GET", "/v1/knowledge/k").status == 404);
}

TEST_CASE("a tenant finds what everybody finds and its own, never another's") {
  Bases bases(settings_with_tokens());
  bases.world.put("all.txt", "red for all");
  bases.world.put("acme.txt", "red for acme", Json::object(), {"acme", "k"});
  const std::string query = R"({"query":"red","mode":"keyword"})";
  CHECK(bases.search(query, kAcme).body["hits"].size() == 2);
  const HttpReply bravo = bases.search(query, kBravo);
  REQUIRE(bravo.body["hits"].size() == 1);
  CHECK(bravo.body["hits"][0]["source"] == "all.txt");
  CHECK(bases.search(query).status == 401);
  CHECK(bases.search(query, kAcme + "Origin: https://evil.example\r\n").status == 403);
}

TEST_CASE(
    "remarks and usage come along, no key of an address does; a failure of the embedder is the daemon's, "
    "with its message") {
  Bases bases;
  auto fake = std::make_shared<fakes::FakeKnowledge>();
  bases.other = fake;
  fake->found.remarks = {"the other way"};
  fake->uses = {{.model = "embeddings/e", .usage = {.input_tokens = 3}, .cost = 0.5}};
  const HttpReply found = bases.search(R"({"query":"x","k":2})");
  CHECK(found.body["hits"] == Json::array());
  CHECK(found.body["remarks"] == Json{"the other way"});
  CHECK(found.body["usage"][0]["input_tokens"] == 3);
  CHECK(found.body["usage"][0]["cost"] == 0.5);
  CHECK(fake->overrides.k == 2);
  CHECK(fake->tenant == "default");
  fake->found.hits.emplace_back().source = "https://example.org/page?token=abc";
  const HttpReply address = bases.search(R"({"query":"x"})");
  CHECK(address.body["hits"][0]["source"] == "https://example.org/page");
  CHECK(address.text.find("abc") == std::string::npos);
  fake->error = Error{.code = ErrorCode::network, .message = "the embedder is away"};
  const HttpReply failed = bases.search(R"({"query":"x"})");
  CHECK(failed.status == 500);
  CHECK(failed.code() == "network");
  CHECK(failed.message() == "the embedder is away");
}

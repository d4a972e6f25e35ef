#include "app/knowledge_text.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::app;

TEST_CASE("a preview is counted in one line, then listed with signs") {
  memory::IngestPreview preview{.added = {"/d/a.md"}, .changed = {"/d/b.md"}, .removed = {"/d/c.md"}};
  CHECK(preview_text("kb", preview) ==
        "kb: 1 would be added, 1 changed, 1 removed; 0 unchanged\n+ /d/a.md\n~ /d/b.md\n- /d/c.md\n");
  preview.asked = {"https://example.org"};
  preview.failed = 2;
  CHECK(preview_text("kb", preview).contains("0 unchanged, 1 to be asked for, 2 failed\n"));
  CHECK(preview_text("kb", preview).ends_with("? https://example.org\n"));
  const Json json = to_json("kb", preview);
  CHECK(json["dry_run"] == true);
  CHECK(json["added"] == Json{"/d/a.md"});
  CHECK_FALSE(json.contains("warnings"));
}

TEST_CASE("a page of documents says where the next one begins") {
  const memory::BaseRow base{.key = {"", "kb"}, .documents = 2, .chunks = 5};
  const std::vector<memory::DocumentRow> documents{{.source = "/d/a.md", .format = "markdown", .chunks = 3}};
  const Json more = page_json(base, documents, true);
  CHECK(more["knowledge"] == "kb");
  CHECK(more["documents"] == 2);
  REQUIRE(more["items"].size() == 1);
  CHECK(more["items"][0]["format"] == "markdown");
  CHECK(more["next"] == "/d/a.md");
  CHECK_FALSE(page_json(base, documents, false).contains("next"));
  CHECK(page_json(base, {}, true)["items"] == Json::array());
}

TEST_CASE("a sentence about one base is not taken for one about another, one about the file is about all") {
  const memory::BaseKey kb{"", "kb"};
  CHECK(concerns("3: chunks of `kb` have no terms", kb));
  CHECK_FALSE(concerns("3: chunks of `kb2` have no terms", kb));
  CHECK_FALSE(concerns("3: chunks of `t/kb` have no terms", kb));
  CHECK(concerns("3: chunks of `t/kb` have no terms", {"t", "kb"}));
  CHECK(concerns("row 3 missing from index", kb));
}

TEST_CASE("what does not agree comes with what to do") {
  const memory::BaseKey kb{"t", "kb"};
  CHECK(check_text({}, kb).contains("`kb` is whole"));
  CHECK(check_text({}, std::nullopt).contains("all bases are whole"));
  const std::string rows = check_text({"3: chunks of `t/kb` have no terms"}, kb);
  CHECK(rows.starts_with("3: chunks of `t/kb` have no terms\n"));
  CHECK(rows.contains("troupe knowledge delete kb --all --tenant t"));
  CHECK(check_text({"row 3 missing from index"}, kb).contains("the file is damaged"));
}

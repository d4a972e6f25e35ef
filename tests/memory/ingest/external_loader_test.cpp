#include "memory/knowledge/ingest/external_loader.h"

#include "memory/knowledge/ingest/ingest_plan.h"
#include "memory/knowledge/ingest/limits.h"
#include "memory/knowledge/ingest/preview.h"
#include "memory/knowledge/ingest/source_list.h"
#include "tests/memory/ingest/ingest_bench.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;
using namespace troupe::memory::testing;

namespace {

using Names = std::vector<std::string>;

/// Reads anything as one line that says who has read it.
class FakeLoader final : public ExternalLoader {
 public:
  FakeLoader(std::string name, const std::string& formats, std::string version = "1")
      : name_(std::move(name)), version_(std::move(version)), formats_(*loaders::read_formats(formats)) {}
  const std::string& name() const override { return name_; }
  const std::string& format() const override { return format_; }
  const std::string& version() const override { return version_; }
  const loaders::LoaderFormats& formats() const override { return formats_; }
  Task<Result<std::string>> load(ReadRequest request, Milliseconds, CallContext&) override {
    read.push_back(request.source.substr(request.source.rfind('/') + 1));
    if (request.bytes.contains("break")) co_return fail(Error{ErrorCode::tool, "it crashed", true});
    if (request.bytes.contains("rave")) co_return "no JSON at all";
    co_return dump(Json{{"text", version_ + " read " + request.bytes}});
  }
  Names read;

 private:
  std::string name_;
  std::string format_ = "odd";
  std::string version_;
  loaders::LoaderFormats formats_;
};

std::shared_ptr<const Loaders> table(std::vector<std::shared_ptr<ExternalLoader>> all) {
  return std::make_shared<const Loaders>(std::move(all));
}

std::string chosen(const Loaders& loaders, std::string source, std::string bytes = "text",
                   std::string type = "", std::string wanted = "") {
  auto loader = loaders.choose(wanted, {std::move(bytes), std::move(source), std::move(type)});
  return !loader ? loader.error().message : *loader ? (*loader)->name() : "Troupe";
}

}  // namespace

TEST_CASE("Troupe's own formats come first; then an ending, a content type, the first bytes") {
  const auto all =
      table({std::make_shared<FakeLoader>("a/one", ".vtt .md .docx text/vtt text/html"),
             std::make_shared<FakeLoader>("b/two", ".vtt .odd magic:0:57454256 magic:0:504b0304")});
  CHECK(chosen(*all, "/x.md") == "Troupe");
  CHECK(chosen(*all, "/x.vtt") == "a/one");
  CHECK(chosen(*all, "/x.odd") == "b/two");
  CHECK(chosen(*all, "/x.none", "t", "text/vtt; charset=utf-8") == "a/one");
  CHECK(chosen(*all, "/x.none", "t", "text/html") == "Troupe");
  CHECK(chosen(*all, "/x.none", "WEBVTT") == "b/two");
  CHECK(chosen(*all, "/x.none", "other") == "Troupe");
  CHECK(chosen(*all, "/x.vtt", "%PDF-1.7") == "Troupe");
  // A file that Troupe would refuse for its bytes is read by who knows these, whatever its name says.
  CHECK(chosen(*all, "/x.docx", "PK\x03\x04word/") == "a/one");
  CHECK(chosen(*all, "/x.txt", "PK\x03\x04word/") == "b/two");
  CHECK(chosen(*table({}), "/x.vtt") == "Troupe");
}

TEST_CASE("a loader is named by its plugin, or by plugin and loader where that has several") {
  const auto all =
      table({std::make_shared<FakeLoader>("a/one", ""), std::make_shared<FakeLoader>("b/two", ""),
             std::make_shared<FakeLoader>("b/three", "")});
  CHECK(chosen(*all, "/x.md", "t", "", "a") == "a/one");
  CHECK(chosen(*all, "/x.md", "t", "", "b/three") == "b/three");
  CHECK(chosen(*all, "/x.md", "t", "", "b").contains("has several loaders"));
  CHECK(chosen(*all, "/x.md", "t", "", "c") == "there is no loader `c`, only: a/one, b/two, b/three");
  CHECK(chosen(*table({}), "/x.md", "t", "", "c").contains("no plugin has any"));
}

TEST_CASE("folders are searched for what loaders read, too, and a named loader wins wherever it stands") {
  Folder folder;
  for (const char* name : {"a.md", "b.vtt", "c.none", "d.srt"}) folder.write(name, "x");
  const auto all = table({std::make_shared<FakeLoader>("a/one", ".vtt .srt")});
  auto names = [&](std::vector<Source> sources, std::shared_ptr<const Loaders> loaders) {
    Names found;
    for (const SourceItem& item : list_sources(sources, {.loaders = std::move(loaders)}).items)
      found.push_back(item.source.substr(item.source.rfind('/') + 1) + " " + item.loader);
    return found;
  };
  CHECK(names({folder.path()}, nullptr) == Names{"a.md ", "d.srt "});
  CHECK(names({folder.path()}, all) == Names{"a.md ", "b.vtt ", "d.srt "});
  Source whole(folder.path()), some(folder.path("*.srt"));
  whole.plugin = "a", some.plugin = "a", some.loader = "one";
  CHECK(names({whole}, all) == Names{"b.vtt a", "d.srt a"});
  for (const auto& sources :
       {std::vector<Source>{folder.path(), some}, std::vector<Source>{some, folder.path()}})
    CHECK(names(sources, all) == Names{"a.md ", "b.vtt ", "d.srt a/one"});
  CHECK(list_sources({folder.path(), some}, {.loaders = all}).remarks.empty());
}

TEST_CASE("a loader's documents are taken in beside the others, once, and again when it has changed") {
  IngestBench bench;
  bench.folder.write("a.md", "# A\n\ntext");
  bench.folder.write("b.vtt", "cue");
  auto loader = std::make_shared<FakeLoader>("subs/vtt", ".vtt");
  bench.target.loaders = table({loader});
  CHECK(bench.done().added == 2);
  CHECK(bench.text("b.vtt") == "1 read cue\n");
  CHECK(bench.documents()[1].format == "odd");
  CHECK(bench.done().unchanged == 2);
  CHECK(loader->read == Names{"b.vtt"});

  SUBCASE("another way of cutting does not ask it") {
    bench.target.chunk.size = 200;
    CHECK(bench.done().changed == 2);
    CHECK(loader->read.size() == 1);
    CHECK(bench.done().unchanged == 2);
  }
  SUBCASE("another version does, for its documents only") {
    auto newer = std::make_shared<FakeLoader>("subs/vtt", ".vtt", "2");
    bench.target.loaders = table({newer});
    bench.reader.sources.clear();
    auto preview = fakes::run(bench.loop, preview_ingest({bench.loop, bench.workers, *bench.store},
                                                         bench.target, bench.request(), *bench.stop));
    REQUIRE(preview);
    CHECK(preview->changed == Names{bench.folder.path("b.vtt")});
    CHECK(bench.done().changed == 1);
    CHECK(bench.text("b.vtt") == "2 read cue\n");
    CHECK(bench.reader.sources.empty());
    CHECK(bench.done().unchanged == 2);
  }
  SUBCASE("a file that was touched and is the same is not read again") {
    bench.folder.age(bench.folder.path("b.vtt"));
    CHECK(bench.done().unchanged == 2);
    CHECK(loader->read.size() == 1);
  }
  SUBCASE("without its plugin the document of a folder goes with its format") {
    bench.target.loaders = nullptr;
    CHECK(bench.done().removed == 1);
  }
  bench.sound();
}

TEST_CASE("who was chosen by the bytes stays chosen: what has not changed is not opened") {
  IngestBench bench;
  const std::string file = bench.folder.write("x.none", "WEBVTT");
  auto loader = std::make_shared<FakeLoader>("subs/vtt", "magic:0:574542565454");
  bench.target.loaders = table({loader});
  bench.sources = {file};
  CHECK(bench.done().added == 1);
  const auto again = bench.done();
  CHECK(again.unchanged == 1);
  CHECK(again.bytes == 0);
  bench.target.loaders = table({std::make_shared<FakeLoader>("subs/vtt", "magic:0:574542565454", "2")});
  CHECK(bench.done().changed == 1);
  CHECK(bench.text("x.none") == "2 read WEBVTT\n");
  bench.target.loaders = table({});
  CHECK(bench.done().changed == 1);
  CHECK(bench.text("x.none") == "WEBVTT\n");
}

TEST_CASE("a source that names a loader is read by it, and by Troupe once it does not") {
  IngestBench bench;
  Source source(bench.folder.write("d.srt", "cue"));
  bench.target.loaders = table({std::make_shared<FakeLoader>("subs/vtt", ".vtt .srt")});
  bench.sources = {source};
  bench.done();
  CHECK(bench.text("d.srt") == "cue\n");
  source.plugin = "subs";
  bench.sources = {source};
  CHECK(bench.done().changed == 1);
  CHECK(bench.text("d.srt") == "1 read cue\n");
  CHECK(bench.done().unchanged == 1);
  source.plugin = "";
  bench.sources = {source};
  CHECK(bench.done().changed == 1);
  CHECK(bench.text("d.srt") == "cue\n");
}

TEST_CASE("a loader that crashes or raves costs its document, keeps what the base had, and ends nothing") {
  IngestBench bench;
  bench.folder.write("a.vtt", "good");
  auto loader = std::make_shared<FakeLoader>("subs/vtt", ".vtt");
  bench.target.loaders = table({loader});
  bench.done();
  bench.folder.write("a.vtt", "now it would break");
  bench.folder.write("b.vtt", "rave");
  for (std::size_t i = 0; i < 3 * limits::kOutagesInRow; ++i)
    bench.folder.write("c" + std::to_string(i) + ".vtt", "break");
  bench.folder.write("z.vtt", "fine");
  bench.folder.write("z.md", "text");
  const auto report = bench.done();
  CHECK(report.failed == 2 + 3 * limits::kOutagesInRow);
  CHECK(report.added == 2);
  CHECK(bench.text("a.vtt") == "1 read good\n");
  CHECK(bench.text("z.vtt") == "1 read fine\n");
  std::string warnings;
  for (const std::string& warning : report.warnings) warnings += warning + "\n";
  CHECK(warnings.contains("it crashed"));
  CHECK(warnings.contains("loader subs/vtt: what its loader answered is no JSON"));
  bench.sound();
}

TEST_CASE("a source whose loader is not there fails with words, and the others go on") {
  IngestBench bench;
  Source gone(bench.folder.write("a.vtt", "cue"));
  gone.plugin = "nobody";
  bench.sources = {gone, bench.folder.write("b.md", "text")};
  for (const auto& loaders : {std::shared_ptr<const Loaders>(), table({})}) {
    bench.target.loaders = loaders;
    const auto report = bench.done();
    CHECK(report.failed == 1);
    CHECK(report.warnings.at(0).contains("there is no loader `nobody`"));
  }
  CHECK(bench.names() == Names{"b.md"});
}

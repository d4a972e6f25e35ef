#include "app/eval/sample_file.h"

#include "tests/fakes/temp_dir.h"

#include <fstream>
#include <iterator>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::app;

namespace {

std::string content(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("samples stand in the order of the cases, each as soon as those before it are there") {
  fakes::TempDir folder;
  const std::string path = (folder.path() / "samples.jsonl").string();
  std::ofstream(path) << "of another time\n";
  SampleFile file;
  REQUIRE(file.open(path));
  file.put(1, 1);
  CHECK(content(path).empty());
  file.put(0, 0);
  CHECK(content(path) == "0\n1\n");
  file.put(4, 4);
  file.put(3, 3);
  CHECK(file.end_part());  // 2 never came
  CHECK(content(path) == "0\n1\n3\n4\n");
  file.put(0, "next");
  CHECK(content(path).ends_with("4\n\"next\"\n"));
}

TEST_CASE("a file that cannot be written is an error at once, and none is nothing") {
  SampleFile nowhere;
  nowhere.put(0, 1);
  CHECK(nowhere.end_part());
  fakes::TempDir folder;
  SampleFile file;
  auto opened = file.open((folder.path() / "no" / "such" / "folder").string());
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::invalid);
}

TEST_CASE("a full disk is told") {
  SampleFile file;
  REQUIRE(file.open("/dev/full"));
  file.put(0, 1);
  auto ended = file.end_part();
  REQUIRE_FALSE(ended);
  CHECK(ended.error().message.contains("/dev/full"));
}

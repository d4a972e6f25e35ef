#include "models/picture.h"

#include "models/limits.h"

#include <utility>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;

TEST_CASE("a picture's data is taken when it is what it is said to be") {
  const std::pair<const char*, const char*> good[] = {{"image/png", "iVBORw0KGgoAAAAN"},
                                                      {"image/jpeg", "/9j/4AAQ"},
                                                      {"image/gif", "R0lGODlhAQABAAAA"},
                                                      {"image/gif", "R0lGODdhAQABAA=="},
                                                      {"image/webp", "UklGRgAAAABXRUJQVlA4"}};
  for (const auto& [type, data] : good) {
    CAPTURE(type);
    auto picture = picture_of(data, type);
    REQUIRE_MESSAGE(picture.has_value(), picture.error().message);
    CHECK(picture->url == "data:" + std::string(type) + ";base64," + data);
    CHECK(picture_of(picture->url, "")->url == picture->url);
  }
  CHECK(picture_of("/9j/4AAQ", "image/jpg")->url.starts_with("data:image/jpeg;"));
}

TEST_CASE("anything else is refused, with what is wrong about it") {
  const std::tuple<const char*, const char*, const char*> bad[] = {
      {"iVBORw0KGgoAAAAN", "image/jpeg", "said to be image/jpeg and is image/png"},
      {"AAAA", "image/png", "something else"},
      {"PHN2ZyB4bWxu", "image/svg+xml", "image/webp are taken"},
      {"iVBORw0KGgoAAAAN", "", "media_type"},
      {"iVBORw0KGgo", "image/png", "no base 64"},
      {"iVBORw0K\nGgoAAAAN", "image/png", "no base 64"},
      {"_9j_4AAQ", "image/jpeg", "no base 64"},
      {"=AAA", "image/png", "no base 64"},
      {"data:image/png,raw", "", "data: URL"},
      {"data:text/html;base64,PGI+", "", "said to be text/html"},
      {"data:image/png;base64,", "", "data: URL"}};
  for (const auto& [data, type, says] : bad) {
    CAPTURE(data);
    auto picture = picture_of(data, type);
    REQUIRE_FALSE(picture.has_value());
    CAPTURE(picture.error().message);
    CHECK(picture.error().message.find(says) != std::string::npos);
  }
  auto large = picture_of("iVBORw0KGgoAAAAN" + std::string(8u << 20, 'A'), "image/png");
  REQUIRE_FALSE(large.has_value());
  CHECK(large.error().code == ErrorCode::too_large);
}

TEST_CASE("an address is taken when it is one of the web") {
  CHECK(picture_at("https://x.example/a.png")->url == "https://x.example/a.png");
  CHECK(picture_at("http://x.example/a")->url == "http://x.example/a");
  for (const char* bad :
       {"file:///etc/passwd", "ftp://x/a.png", "gs://b/a.png", "/a.png", "javascript:alert(1)", ""})
    CHECK_FALSE(picture_at(bad).has_value());
  CHECK_FALSE(picture_at("https://x.example/" + std::string(9000, 'a')).has_value());
}

TEST_CASE("a picture is told in short") {
  CHECK(brief({"https://x.example/a.png"}) == "https://x.example/a.png");
  CHECK(brief({"data:image/png;base64,iVBORw0KGgo="}) == "data:image/png;base64,… (8 bytes)");
  CHECK(picture_bytes({"data:image/png;base64,AAAA"}) == 3);
  CHECK(picture_bytes({"https://x.example/a.png"}) == 0);
}

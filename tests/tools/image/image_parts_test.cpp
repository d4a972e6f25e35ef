// What the image tool makes of bytes and answers, without a service.
#include "tools/builtin/image/base64.h"
#include "tools/builtin/image/image_answer.h"
#include "tools/builtin/image/picture_kind.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;
using namespace troupe::tools::images;

namespace {

std::string bytes(std::string_view text) {
  return std::string(text);
}

const std::string kPng = bytes({"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\0\0\0\x03\0\x08\x06\0\0\0", 29});

Error refused(int status, std::string body, net::Headers headers = {}) {
  net::HttpResponse answer;
  answer.status = status;
  answer.headers = std::move(headers);
  answer.body = std::move(body);
  return refusal(answer, "painter", 0);
}

}  // namespace

TEST_CASE("base 64 is decoded, padded and not, and nothing else") {
  CHECK(decode_base64("").value() == "");
  CHECK(decode_base64("Zg==").value() == "f");
  CHECK(decode_base64("Zg").value() == "f");
  CHECK(decode_base64("Zm8=").value() == "fo");
  CHECK(decode_base64("Zm9v").value() == "foo");
  CHECK(decode_base64("Zm9vYmE").value() == "fooba");
  CHECK(decode_base64("//79").value() == "\xff\xfe\xfd");
  for (const char* wrong : {"Z", "Zm9vY", "Zm9v\n", "Zm 9v", "Z===", "====", "Zm-_", "Zg==Zg==", "é"}) {
    CAPTURE(wrong);
    CHECK_FALSE(decode_base64(wrong));
  }
}

TEST_CASE("a picture is known by its first bytes, which also say how large it is") {
  CHECK(kind_of_picture(kPng).value() == PictureKind{"PNG", "png", 1024, 768});
  const std::string jpeg = bytes({"\xff\xd8\xff\xe0\0\x04JF\xff\xff\xc0\0\x11\x08\x02\0\x03\x20\x03", 19});
  CHECK(kind_of_picture(jpeg).value() == PictureKind{"JPEG", "jpg", 800, 512});
  CHECK(kind_of_picture(bytes({"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\x03\0\xff\x01\0", 30})).value() ==
        PictureKind{"WebP", "webp", 1024, 512});
  CHECK(kind_of_picture(bytes({"RIFF\0\0\0\0WEBPVP8L\x0a\0\0\0\x2f\xff\xc3\x7f\0", 25})).value() ==
        PictureKind{"WebP", "webp", 1024, 512});
  CHECK(
      kind_of_picture(bytes({"RIFF\0\0\0\0WEBPVP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a\0\x04\0\x02", 30})).value() ==
      PictureKind{"WebP", "webp", 1024, 512});
}

TEST_CASE("a picture's head may be cut or lie: it is read no further than it goes") {
  for (std::size_t size = 0; size < kPng.size(); ++size) (void)kind_of_picture(kPng.substr(0, size));
  CHECK(kind_of_picture(kPng.substr(0, 16)).value() == PictureKind{"PNG", "png", 0, 0});
  CHECK(kind_of_picture("\xff\xd8\xff").value() == PictureKind{"JPEG", "jpg", 0, 0});
  CHECK(kind_of_picture(bytes({"\xff\xd8\xff\xe0\0\0\0\0\0\0\0\0\0\0\0", 15})).value().width == 0);
  CHECK(kind_of_picture("\xff\xd8\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff").value().width == 0);
  CHECK(kind_of_picture("RIFFxxxxWEBP").value() == PictureKind{"WebP", "webp", 0, 0});
  const std::string huge = bytes({"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff", 24});
  CHECK(kind_of_picture(huge).value().width == 0);
}

TEST_CASE("what is no picture is named for what it looks like") {
  CHECK(kind_of_picture("").error().message.contains("it is nothing (0 bytes)"));
  CHECK(kind_of_picture("GIF89a…").error().message.contains("it is a GIF"));
  CHECK(kind_of_picture("<svg xmlns=…").error().message.contains("SVG"));
  CHECK(kind_of_picture("<!DOCTYPE html>").error().message.contains("a text"));
  CHECK((kind_of_picture("\x7f"
                         "ELF")
             .error()
             .message)
            .contains("something else"));
  CHECK(kind_of_picture("\x89PNG").error().code == ErrorCode::protocol);
}

TEST_CASE("the pictures of an answer are its bytes or its addresses") {
  const auto found = read_answer(
      R"({"created":1,"data":[{"b64_json":"Zm9v","revised_prompt":"a  fox\nin snow"},{"url":"https://x.example/a?sig=1"},
          {"url":"data:image/png;base64,Zm9v"},{"b64_json":"?"},{},{"b64_json":"Zm9v"}],"usage":{"total_tokens":9}})",
      100, 5);
  REQUIRE(found);
  REQUIRE(found->size() == 5);
  CHECK(found->at(0).bytes == "foo");
  CHECK(found->at(0).revised == "a fox in snow");
  CHECK(found->at(1).url == "https://x.example/a?sig=1");
  CHECK(found->at(1).bytes.empty());
  CHECK(found->at(2).bytes == "foo");
  CHECK(found->at(2).url.empty());
  CHECK(found->at(3).problem.contains("is none"));
  CHECK(found->at(4).problem.contains("neither `b64_json` nor `url`"));

  const auto large = read_answer(R"({"data":[{"b64_json":")" + std::string(400, 'A') + R"("}]})", 100, 1);
  CHECK(large->at(0).problem.contains("it has about 300 bytes; at most 100 are kept"));
  for (const char* wrong : {"", "<html>busy</html>", "[]", "{}", R"({"data":{}})", R"({"data":[]})"}) {
    CAPTURE(wrong);
    CHECK(read_answer(wrong, 100, 1).error().code == ErrorCode::protocol);
  }
  CHECK(read_answer(R"({"data":["text"]})", 100, 1).value().at(0).problem.contains("neither"));
}

TEST_CASE("a picture's file is named by what is in it") {
  const auto one = picture_of(kPng, 1'000);
  REQUIRE(one);
  CHECK(one->name.size() == 32 + 4);
  CHECK(one->name.ends_with(".png"));
  CHECK(picture_of(kPng, 1'000)->name == one->name);
  CHECK(picture_of(kPng + "x", 1'000)->name != one->name);
  CHECK(picture_of(kPng, 10).error().code == ErrorCode::too_large);
}

TEST_CASE("a refusal says what it was, whose turn it is, and nothing of the key") {
  const auto content = refused(
      400,
      R"({"error":{"code":"moderation_blocked","message":"Your request was rejected by the safety system."}})");
  CHECK(content.code == ErrorCode::tool);
  CHECK(
      content.message.contains("refuses this prompt by its rules about content (Your request was rejected"));
  CHECK_FALSE(content.retryable);
  CHECK(refused(400, R"({"error":{"code":"content_policy_violation","message":"no"}})")
            .message.contains("rules about content"));

  const auto key = refused(401, R"({"error":{"message":"Incorrect API key provided: sk-canary-1234"}})");
  CHECK(key.message.contains("Check `tools.painter.api_key`"));
  CHECK_FALSE(key.message.contains("canary"));
  CHECK(key.status == 401);

  const auto busy = refused(429, R"({"error":{"message":"Rate limit reached"}})", {{"retry-after", "20"}});
  CHECK(busy.code == ErrorCode::busy);
  CHECK(busy.retryable);
  CHECK(busy.retry_after == std::chrono::seconds(20));
  CHECK(busy.message.contains("HTTP 429: Rate limit reached. It asks to be left alone for 20 s."));
  const auto quota = refused(429, R"({"error":{"code":"insufficient_quota","message":"You exceeded"}})");
  CHECK_FALSE(quota.retryable);
  CHECK(quota.message.contains("quota is used up"));

  CHECK(refused(503, "<html><h1>Bad gateway</h1></html>").retryable);
  CHECK(refused(503, "").message.contains("HTTP 503"));
  CHECK(refused(404, "{}").message.contains("Check `base_url` and `model` of `tools.painter`"));
  CHECK(refused(302, "").message.contains("not followed"));
  const auto wrong = refused(400, R"({"error":{"message":"Invalid size"}})");
  CHECK(wrong.message.contains("HTTP 400: Invalid size"));
  CHECK_FALSE(wrong.retryable);
}

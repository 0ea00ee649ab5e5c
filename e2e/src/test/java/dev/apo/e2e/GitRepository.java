package dev.apo.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A Git repository in a directory of this machine, with the branch main. */
record GitRepository(Path directory) {
  static GitRepository create(Path directory) throws Exception {
    var repository = new GitRepository(directory);
    repository.git("init", "-q", "-b", "main");
    return repository;
  }

  String url() {
    return "file://" + directory.toAbsolutePath();
  }

  void copy(Path from, String to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        write(to + "/" + from.relativize(file), Files.readString(file));
      }
    }
  }

  void write(String path, String text) throws IOException {
    Path file = directory.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  void delete(String path) throws IOException {
    Files.delete(directory.resolve(path));
  }

  void commit(String message) throws Exception {
    git("add", "-A");
    git("-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "-q", "-m", message);
  }

  private void git(String... words) throws Exception {
    List<String> command = new ArrayList<>(List.of("git", "-C", directory.toString()));
    command.addAll(List.of(words));
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor())
        .as(String.join(" ", command))
        .isZero();
  }
}

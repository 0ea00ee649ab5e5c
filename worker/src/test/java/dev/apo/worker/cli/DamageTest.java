package dev.apo.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.Drill;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each file that a run has stored is damaged in each way. The run comes to the same table and model
 * all the same, or it is refused with a sentence that names the damage, and doing what the sentence
 * says mends it.
 */
@Tag("slow")
@Tag("drill")
class DamageTest {
  private static final Pattern TO_DELETE =
      Pattern.compile("delete (file:\\S+)|(file:\\S+) (is|was) .*; delete it ");

  /** Without its manifest, it would be one that a kill left. */
  private static final Pattern NEWEST_CHECKPOINT =
      Pattern.compile("HALF_TRAINED.*/step-00000004/(?!manifest)");

  /** How a file can be damaged. */
  enum Damage {
    FLIPPED_BIT {
      @Override
      void strike(Path file, Random random) throws IOException {
        byte[] content = Files.readAllBytes(file);
        content[random.nextInt(content.length)] ^= (byte) (1 << random.nextInt(8));
        Files.write(file, content);
      }
    },
    CUT_OFF {
      @Override
      void strike(Path file, Random random) throws IOException {
        byte[] content = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(content, 1 + random.nextInt(content.length - 1)));
      }
    },
    EMPTIED {
      @Override
      void strike(Path file, Random random) throws IOException {
        Files.write(file, new byte[0]);
      }
    },
    DELETED {
      @Override
      void strike(Path file, Random random) throws IOException {
        Files.delete(file);
      }
    };

    abstract void strike(Path file, Random random) throws IOException;

    String words() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  /** How far a run has come when its storage is damaged. */
  enum Moment {
    HALF_A_TABLE {
      @Override
      void come(Workplace workplace) {
        workplace
            .stopped("KILL", 29, "\"progress\",\"stage\":\"estimate\"", "estimate")
            .endsWith(Workplace.KILLED);
      }
    },
    HALF_TRAINED {
      @Override
      void come(Workplace workplace) {
        workplace.killedAfterStep(5);
      }
    },
    FINISHED {
      @Override
      void come(Workplace workplace) {
        workplace.apo("run").succeeds();
      }
    };

    abstract void come(Workplace workplace);
  }

  private record Case(Moment moment, String file, Damage damage) {
    /** Files of the same name are of the same kind. */
    String kind() {
      return moment + " " + file.replaceAll("\\d+", "0");
    }
  }

  @TempDir static Path places;
  private static final Map<Moment, Workplace> SOUND = new EnumMap<>(Moment.class);

  @TempDir Path directory;
  private final Random random = new Random(Drill.SEED);

  @BeforeAll
  static void runSoFar() {
    for (Moment moment : Moment.values()) {
      var workplace = new Workplace(places.resolve(moment.name()));
      moment.come(workplace);
      SOUND.put(moment, workplace);
    }
  }

  @Test
  void damageIsMendedOrNamedAndNeverUsed() throws IOException {
    var struck = new EnumMap<Damage, Integer>(Damage.class);
    var refused = new EnumMap<Damage, Integer>(Damage.class);
    for (Case one : cases()) {
      boolean named = isRefused(one);
      struck.merge(one.damage(), 1, Integer::sum);
      refused.merge(one.damage(), named ? 1 : 0, Integer::sum);
    }
    struck.forEach(
        (damage, times) ->
            Drill.passed(
                "damage to an artifact: %s (%d times refused by name)"
                    .formatted(damage.words(), refused.get(damage)),
                times,
                "no bit of table or model",
                "as the message says"));
  }

  /** So many that each kind of file comes before a second of its kind. */
  private List<Case> cases() {
    var all = new ArrayList<Case>();
    for (Moment moment : Moment.values()) {
      for (String file : Workplace.digests(storage(SOUND.get(moment))).keySet()) {
        for (Damage damage : Damage.values()) {
          all.add(new Case(moment, file, damage));
        }
      }
    }
    Collections.shuffle(all, random);
    var before = new HashMap<String, Integer>();
    var order = new HashMap<Case, Integer>();
    all.forEach(one -> order.put(one, before.merge(one.kind(), 1, Integer::sum)));
    all.sort(Comparator.comparing(order::get));
    return all.subList(0, Math.min(all.size(), 6 * Drill.TRIES));
  }

  private static Path storage(Workplace workplace) {
    return workplace.directory().resolve("storage");
  }

  /** Damages a copy of the storage; whether the run was refused before it was mended. */
  private boolean isRefused(Case one) throws IOException {
    Path place = Files.createTempDirectory(directory, "place");
    var workplace = new Workplace(place);
    copy(storage(SOUND.get(one.moment())), storage(workplace));
    one.damage().strike(storage(workplace).resolve(one.file()), random);

    Workplace.Outcome outcome = workplace.apo("run", "-o", "json");
    boolean refused = outcome.exitCode() != 0;
    String what = "seed %d, %s, %s: %s".formatted(Drill.SEED, one, place, outcome.err());
    if (NEWEST_CHECKPOINT.matcher(one.toString()).find()) {
      assertThat(outcome.err()).as(what).contains("The checkpoint of step 4 is not used: ");
    }
    if (refused) {
      outcome = mended(workplace, one, outcome, what);
    }
    assertThat(outcome.exitCode()).as(what).isZero();
    assertSame(workplace, outcome.json(), what);
    // All of them together are gigabytes.
    delete(place);
    return refused;
  }

  /** Does what the sentence says, and runs again. */
  private static Workplace.Outcome mended(
      Workplace workplace, Case one, Workplace.Outcome outcome, String what) throws IOException {
    String sentence = outcome.error();
    if (outcome.exitCode() == ExitCode.BAD_MANIFEST.value()) {
      // A record that is legible, and says something else.
      assertThat(sentence).as(what).contains("was started with");
    } else {
      assertThat(outcome.exitCode()).as(what).isEqualTo(ExitCode.BAD_ARTIFACT.value());
      Path file = Path.of(one.file());
      assertThat(sentence).as(what).containsAnyOf(file.toString(), file.getParent().toString());
    }
    Matcher delete = TO_DELETE.matcher(sentence);
    if (delete.find()) {
      String uri = delete.group(1) == null ? delete.group(2) : delete.group(1);
      delete(Path.of(URI.create(uri)));
      return workplace.apo("run", "-o", "json");
    }
    assertThat(sentence).as(what).contains("--fresh");
    return workplace.apo("run", "--fresh", "-o", "json");
  }

  private static void assertSame(Workplace workplace, JsonNode result, String what) {
    Workplace sound = SOUND.get(Moment.FINISHED);
    assertThat(workplace.table()).as(what).isEqualTo(sound.table());
    assertThat(Workplace.digests(workplace.run("model")))
        .as(what)
        .isEqualTo(Workplace.digests(sound.run("model")));
    JsonNode state = Workplace.parse(Workplace.read(sound.run("result.json"))).get("state");
    assertThat(result.get("accuracyAfter"))
        .as(what)
        .isEqualTo(state.get("evaluations").get(2).get("accuracy"));
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : all.toList()) {
        Files.copy(path, to.resolve(from.relativize(path).toString()));
      }
    }
  }

  private static void delete(Path path) throws IOException {
    try (Stream<Path> all = Files.walk(path)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}

package dev.apo.worker.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A certificate authority of its own, which signs the certificates of servers. */
public final class TestCa {
  private final Path directory;

  public TestCa(Path directory) throws Exception {
    this.directory = directory;
    keytool("-genkeypair -alias ca -keyalg EC -dname CN=authority -ext bc:c -keystore ca.p12");
    keytool("-exportcert -rfc -alias ca -keystore ca.p12 -file ca.pem");
  }

  /** The authority's own certificate, in PEM. */
  public Path certificate() {
    return directory.resolve("ca.pem");
  }

  /** A PKCS12 store with a server's key, its certificate and the authority's behind it. */
  public Path issue(String ip) throws Exception {
    keytool("-genkeypair -alias s3 -keyalg EC -dname CN=server -keystore server.p12");
    keytool("-certreq -alias s3 -keystore server.p12 -file server.csr");
    keytool(
        "-gencert -rfc -alias ca -keystore ca.p12 -infile server.csr -outfile server.pem"
            + " -ext san=ip:"
            + ip);
    keytool("-importcert -noprompt -alias ca -keystore server.p12 -file ca.pem");
    keytool("-importcert -noprompt -alias s3 -keystore server.p12 -file server.pem");
    // The chain has the authority; an entry of its own would be one more certificate to serve.
    keytool("-delete -alias ca -keystore server.p12");
    return directory.resolve("server.p12");
  }

  private void keytool(String arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments.split(" ")));
    command.addAll(List.of("-storepass", "changeit", "-storetype", "PKCS12"));
    Process keytool =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
    String said = new String(keytool.getInputStream().readAllBytes());
    assertThat(keytool.waitFor()).as(said).isZero();
  }
}

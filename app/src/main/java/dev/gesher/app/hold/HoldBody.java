package dev.gesher.app.hold;

import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;

@Serdeable
@Schema(name = "Hold")
record HoldBody(
        @Schema(
                        description =
                                "true says that the database is a restored copy: what it holds as queued may have been sent")
                boolean restored) {}
